package web

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"parley/platform/kernel/uow"
)

// Nobody may read "try again" where a second time may be one too many.
func TestAnUnknownOutcomeIsToldAsSuch(t *testing.T) {
	s := &Server{config: Config{Log: slog.New(slog.DiscardHandler), Unavailable: func(error) bool { return true }}}
	for _, beside := range []error{errors.New("cut"), context.DeadlineExceeded, ErrStorage} {
		if e := s.explain(t.Context(), errors.Join(beside, uow.ErrUnknown)); e != ErrUnknown || status(e) != 503 || e.RetryAfter != 0 {
			t.Errorf("beside %v it is told as %v", beside, e)
		}
	}
}

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
