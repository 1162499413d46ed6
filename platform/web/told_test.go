package web

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestAnOverloadDoesNotFillTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		s := &Server{config: Config{Log: slog.New(slog.NewTextHandler(&out, nil))}}
		for range 1000 {
			_ = s.explain(context.Background(), ErrBusy)
		}
		_ = s.explain(context.Background(), ErrStorage)
		time.Sleep(2 * time.Second)
		_ = s.explain(context.Background(), ErrBusy)
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if len(lines) != 3 || !strings.Contains(lines[0], ErrBusy.Code) || !strings.Contains(lines[1], ErrStorage.Code) || !strings.Contains(lines[2], "not_logged=999") {
			t.Errorf("%d lines: %.600s", len(lines), out.String())
		}
	})
}
