package sqlstore_test

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/uptrace/bun"

	"parley/modules/corpora/internal/adapters/sqlstore"
	"parley/modules/corpora/internal/core"
	"parley/modules/corpora/internal/core/ranking"
	"parley/platform/kernel/access"
	"parley/platform/kernel/page"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// recorder keeps the statements that were run.
type recorder struct{ statements []string }

// BeforeQuery implements bun.QueryHook.
func (r *recorder) BeforeQuery(ctx context.Context, _ *bun.QueryEvent) context.Context { return ctx }

// AfterQuery implements bun.QueryHook.
func (r *recorder) AfterQuery(_ context.Context, e *bun.QueryEvent) {
	if verb := strings.ToUpper(strings.Fields(strings.TrimLeft(e.Query, "("))[0]); verb == "SELECT" || verb == "UPDATE" || verb == "DELETE" {
		r.statements = append(r.statements, e.Query)
	}
}

// everything calls each method of the store.
func everything(t *testing.T, s *sqlstore.Store) {
	ctx := t.Context()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	c, err := s.AddCorpus(ctx, core.Corpus{OrganizationID: 1, OwnerID: 2, Name: "a"})
	check(err)
	r := access.VisibleCorpora{OrganizationID: 1, UserID: 2}
	_, err = s.Corpus(ctx, r, c.ID)
	check(err)
	_, err = s.CorporaPage(ctx, r, page.Request{})
	check(err)
	_, err = s.CountDocuments(ctx, []int64{c.ID})
	check(err)
	check(s.PassCorpora(ctx, 1, 2, 2))
	d, err := s.AddDocument(ctx, core.Document{OrganizationID: 1, CorpusID: c.ID, Name: "n", SHA256: "s", Tags: []string{}, Step: core.Pending})
	check(err)
	_, err = s.LockCorpus(ctx, c.ID)
	check(err)
	_, err = s.Document(ctx, r, d.ID)
	check(err)
	for _, f := range []core.DocumentFilter{{}, {Step: core.Failed}, {Tag: "x"}, {Name: "x"}} {
		_, err = s.DocumentsPage(ctx, c.ID, f, page.Request{ByCursor: true})
		check(err)
	}
	_, err = s.Twins(ctx, c.ID, 0, []string{"n"}, []string{"s"})
	check(err)
	_, err = s.DocumentsByID(ctx, []int64{d.ID})
	check(err)
	_, err = s.UpdateDocument(ctx, d.ID, func(d *core.Document) error { d.Name, d.Tags = "m", []string{"x"}; return nil })
	check(err)
	_, err = s.UpdateCorpus(ctx, 1, c.ID, func(*core.Corpus) error { return nil })
	check(err)
	_, err = s.Grant(ctx, []core.Permission{{OrganizationID: 1, CorpusID: c.ID, TeamID: 3, Role: access.CorpusViewer}})
	check(err)
	_, err = s.PermissionsPage(ctx, c.ID, page.Request{})
	check(err)
	_, err = s.Revoke(ctx, c.ID, []int64{4}, []int64{3})
	check(err)
	check(s.DropUser(ctx, 1, 4))
	check(s.DropTeam(ctx, 1, 4))
	r.Teams = []int64{3, 4}
	_, err = s.Corpus(ctx, r, c.ID)
	check(err)
	_, err = s.Existing(ctx, []int64{d.ID})
	check(err)
	_, err = s.AddConnection(ctx, core.Connection{OrganizationID: 1, AgentID: 1, CorpusID: c.ID})
	check(err)
	_, err = s.Connections(ctx, r, 1)
	check(err)
	_, err = s.Connection(ctx, 1, 1, c.ID)
	check(err)
	_, err = s.UpdateConnection(ctx, 1, 1, c.ID, func(*core.Connection) error { return nil })
	check(err)
	_, err = s.Unfinished(ctx, 0, 10)
	check(err)
	d, err = s.Begin(ctx, d.ID)
	check(err)
	held := func(context.Context) error { return nil }
	passage := []core.Indexed{{Number: 1, Text: "red lantern", Terms: map[string]int{"red": 1, "lantern": 1}, Length: 2}}
	check(s.Stage(ctx, d, passage, held))
	_, err = s.Clear(ctx, d.ID, held)
	check(err)
	d.Step = core.Completed
	_, err = s.Finish(ctx, d, passage, held)
	check(err)
	_, err = s.StaleCorpora(ctx, 0, 10)
	check(err)
	_, err = s.Stale(ctx, c.ID, 10)
	check(err)
	_, err = s.Outdated(ctx, 0, 10)
	check(err)
	_, err = s.Renew(ctx, c.ID, held)
	check(err)
	_, err = s.CorporaAfter(ctx, 0, 10)
	check(err)
	bare, err := s.Unembedded(ctx, c.ID, d.ID, "m", 0, 10)
	check(err)
	check(s.AddVectors(ctx, c.ID, "m", []ranking.Vector{{Passage: bare[0].ID, Values: []int8{1}}}, held))
	check(s.ShowVectors(ctx, c.ID))
	_, _, err = s.Vectors(ctx, c.ID, "m", 0, 10)
	check(err)
	usable, err := s.Searchable(ctx, r, 1, []int64{c.ID, 99})
	check(err)
	found, err := ranking.NewEngine(s, 1<<20).Search(ctx, ranking.Question{Text: "red lantren", Corpora: usable, Limit: 10})
	check(err)
	if len(found.Hits) != 1 {
		t.Fatalf("%+v", found)
	}
	check(s.RemoveDocuments(ctx, c.ID, []core.Document{d}))
	_, err = s.RemoveConnection(ctx, 1, 1, c.ID)
	check(err)
	check(s.DropAgent(ctx, 1, 1))
	check(s.DropCorpus(ctx, 1, c.ID))
}

// planner shows how a database would run a statement.
type planner struct {
	*sql.Conn
	postgres bool
}

var (
	whole = regexp.MustCompile(`^SCAN |Seq Scan on`)
	// What waits is few, and neither the tags of one row nor what a part of the
	// statement has found is a table.
	harmless = regexp.MustCompile(`INDEX corpora_documents_waiting|VIRTUAL TABLE|^SCAN (commonest|found)$`)
)

// scans are the lines of the plan that read a whole table.
func (p planner) scans(t *testing.T, statement string) (lines []string) {
	t.Helper()
	for _, line := range dbtest.Plan(t, p, p.postgres, statement) {
		if whole.MatchString(line) && !harmless.MatchString(line) {
			lines = append(lines, line)
		}
	}
	return lines
}

func TestNoStatementReadsAWholeTable(t *testing.T) {
	set := sqlstore.Migrations()
	dbtest.Each(t, []migrate.Set{set}, func(t *testing.T, db *sqldb.DB) {
		seen := &recorder{}
		db.AddQueryHook(seen)
		everything(t, sqlstore.New(db))
		conn, err := db.DB.DB.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if db.Postgres() { // which reads small tables whole when it may
			if _, err := conn.ExecContext(t.Context(), "SET enable_seqscan = off"); err != nil {
				t.Fatal(err)
			}
		}
		p := planner{conn, db.Postgres()}
		if len(p.scans(t, "SELECT id FROM corpora_documents AS d WHERE size = 1")) == 0 {
			t.Fatal("a whole table that is read is not noticed")
		}
		if len(seen.statements) < 25 {
			t.Fatalf("only %d statements were seen", len(seen.statements))
		}
		for _, statement := range seen.statements {
			for _, line := range p.scans(t, statement) {
				t.Errorf("%s\nin %s", line, statement)
			}
		}
	})
}

// Of a long document that is read again each new passage is looked up among the
// old ones, of which equal ones are one: comparing every new one with every old
// one would take minutes, in one transaction.
func TestVectorsArePassedOnByOneLookUpForAPassage(t *testing.T) {
	dbtest.Each(t, []migrate.Set{sqlstore.Migrations()}, func(t *testing.T, db *sqldb.DB) {
		plan := strings.Join(dbtest.Plan(t, db, db.Postgres(), strings.ReplaceAll(sqlstore.PassVectors, "?0", "1")), "\n")
		want := []string{"MATERIALIZE old", "SEARCH old USING AUTOMATIC"}
		if db.Postgres() { // how it joins depends on how many there are
			want = []string{"Aggregate"}
		}
		for _, part := range want {
			if !strings.Contains(plan, part) {
				t.Errorf("there is no %q in\n%s", part, plan)
			}
		}
	})
}

// A page of documents with a part in their names that many have is found by
// going through them in the order of the list, without a sort.
func TestAPageByACommonNameIsNoSort(t *testing.T) {
	// PostgreSQL takes the one or the other for a corpus that is half the table.
	inOrder := regexp.MustCompile(`SEARCH d USING INDEX corpora_documents_corpus|Index Scan using corpora_documents_(corpus|pkey)`)
	dbtest.Each(t, []migrate.Set{sqlstore.Migrations()}, func(t *testing.T, db *sqldb.DB) {
		store, ctx := sqlstore.New(db), t.Context()
		const many = 800 // every other one in another corpus
		if err := db.Within(ctx, func(ctx context.Context) error {
			for i := range many {
				if _, err := store.AddDocument(ctx, core.Document{OrganizationID: 1, CorpusID: int64(1 + i%2), Name: fmt.Sprintf("Report %d.pdf", i/2), Tags: []string{}, Step: core.Completed}); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if db.Postgres() {
			if _, err := db.ExecContext(ctx, "ANALYZE corpora_documents, corpora_document_keys"); err != nil {
				t.Fatal(err)
			}
		}
		seen := &recorder{}
		db.AddQueryHook(seen)
		found, err := store.DocumentsPage(ctx, 1, core.DocumentFilter{Name: "REPORT"}, page.Request{Size: 10, ByCursor: true})
		if err != nil || len(found.Items) != 10 {
			t.Fatal(len(found.Items), err)
		}
		if len(seen.statements) != 2 {
			t.Fatalf("%d statements: %q", len(seen.statements), seen.statements)
		}
		plan := strings.Join(dbtest.Plan(t, db.Reader(), db.Postgres(), seen.statements[1]), "\n")
		if !inOrder.MatchString(plan) || strings.Contains(plan, "Sort") || strings.Contains(plan, "TEMP B-TREE") {
			t.Errorf("%s\nis planned as\n%s", seen.statements[1], plan)
		}
		if n, err := store.DocumentsPage(ctx, 1, core.DocumentFilter{Name: "port 1"}, page.Request{}); err != nil || n.Count != 111 {
			t.Errorf("%d, %v", n.Count, err)
		}
		// as the version before adds them
		if _, err := db.ExecContext(ctx, "UPDATE corpora_documents SET name_key = '' WHERE id IN (SELECT min(id) FROM corpora_documents GROUP BY corpus_id)"); err != nil {
			t.Fatal(err)
		}
		again, err := store.DocumentsPage(ctx, 1, core.DocumentFilter{Name: "REPORT"}, page.Request{Size: 10, ByCursor: true})
		if err != nil || len(again.Items) != 10 || again.Items[0].ID != found.Items[0].ID {
			t.Errorf("the first is %+v, %v", again.Items, err)
		}
	})
}

// The documents of a corpus are not gone through for a tag or a part of a
// name.
func TestTagsAndNamesAreFoundByIndex(t *testing.T) {
	byIndex := regexp.MustCompile(`SEARCH corpora_document_keys USING (PRIMARY KEY|.*INDEX).*key|Index (Only )?Scan (using|on) corpora_document_keys_pkey`)
	dbtest.Each(t, []migrate.Set{sqlstore.Migrations()}, func(t *testing.T, db *sqldb.DB) {
		store, ctx := sqlstore.New(db), t.Context()
		for i := range 300 {
			_, err := store.AddDocument(ctx, core.Document{OrganizationID: 1, CorpusID: 1, Name: fmt.Sprintf("Report %d.pdf", i), Tags: []string{fmt.Sprint("t", i%30)}, Step: core.Completed})
			if err != nil {
				t.Fatal(err)
			}
		}
		seen := &recorder{}
		db.AddQueryHook(seen)
		for filter, want := range map[core.DocumentFilter]int64{{Tag: "t7"}: 10, {Name: "rt 29"}: 11, {Tag: "t7", Name: "PORT 1"}: 3} {
			found, err := store.DocumentsPage(ctx, 1, filter, page.Request{})
			if err != nil || found.Count != want {
				t.Errorf("%+v: %d documents, %v", filter, found.Count, err)
			}
		}
		if db.Postgres() {
			if _, err := db.ExecContext(ctx, "ANALYZE corpora_documents, corpora_document_keys"); err != nil {
				t.Fatal(err)
			}
		}
		conn, err := db.DB.DB.Conn(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if len(seen.statements) < 3 {
			t.Fatalf("only %d statements were seen", len(seen.statements))
		}
		for _, statement := range seen.statements {
			plan := strings.Join(dbtest.Plan(t, conn, db.Postgres(), statement), "\n")
			if strings.Contains(statement, "document_keys") && !byIndex.MatchString(plan) {
				t.Errorf("%s\nis planned as\n%s", statement, plan)
			}
		}
	})
}
