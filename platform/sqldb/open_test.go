package sqldb_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"parley/platform/sqldb"
)

var discard = slog.New(slog.DiscardHandler)

func TestADatabaseURLThatDoesNotVerifyTheServerIsRefused(t *testing.T) {
	for _, url := range []string{"postgres://u@h/d?sslmode=require", "postgres://u@h/d?sslmode=prefer", "mysql://h", "::"} {
		if _, err := sqldb.Open(context.Background(), sqldb.Config{URL: url}); err == nil || strings.Contains(err.Error(), "connecting") {
			t.Errorf("%s: %v", url, err)
		}
	}
}
