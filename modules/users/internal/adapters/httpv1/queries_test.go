package httpv1_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"parley/modules/users/internal/adapters/sqlstore"
	"parley/platform/auditlog"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// Once the credentials are known, what is read costs one statement, and a
// refusal none.
func TestReadingCostsOneStatement(t *testing.T) {
	dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		db, unit := open(t)
		h := houseOn(t, clock.NewFixed(clock.System{}.Now()), nil, auditlog.Unit(unit), sqlstore.New(db))
		for i := range 60 {
			h.add(string(rune('a'+i%26)) + string(rune('a'+i/26)) + "@example.com")
		}
		admin := h.as("admin@example.com")
		_, k := h.key(admin, `{"name":"k","scope":"all"}`)
		token := h.token("admin@example.com")
		cost := func(path string, header ...string) int64 {
			t.Helper()
			ctx, count := sqldb.CountQueries(t.Context())
			r := httptest.NewRequestWithContext(ctx, "GET", path, http.NoBody)
			for i := 0; i < len(header); i += 2 {
				r.Header.Set(header[i], header[i+1])
			}
			w := httptest.NewRecorder()
			h.handler.ServeHTTP(w, r)
			if w.Code != http.StatusOK {
				t.Errorf("%s: %d %s", path, w.Code, w.Body)
			}
			return count.Load()
		}
		bearer := []string{"Authorization", "Bearer " + token}
		key := []string{"Ocp-Apim-Subscription-Key", k.Key}
		cost("/api/user/me", bearer...) // reads who acts
		cost("/api/user/me", key...)
		for path, want := range map[string]int64{
			"/api/user/me": 1, "/api/user/3": 1, "/api/user?items_per_page=50": 1, "/api/user?items_per_page=50&page=2": 1, "/api/user?items_per_page=50&cursor=": 1,
			"/api/user?q=b&items_per_page=50": 1, "/api/user?is_active=true": 1, "/api/organization": 0,
		} {
			for _, by := range [][]string{bearer, key} {
				if got := cost(path, by...); got > want {
					t.Errorf("%s with %s: %d statements, not %d", path, by[0], got, want)
				}
			}
		}
	})
}
