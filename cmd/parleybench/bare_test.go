package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"parley/cmd/internal/bench"
)

func TestTheOtherSideWorksAsLongAsItIsTold(t *testing.T) {
	var out strings.Builder
	var told []time.Duration
	err := obey(t.Context(), strings.NewReader("2s\n1m0s\n"), &out, func(_ context.Context, d time.Duration) (bench.Result, error) {
		told = append(told, d)
		return bench.Result{Count: 3, Elapsed: d}, nil
	})
	if err != nil || len(told) != 2 || told[0] != 2*time.Second || told[1] != time.Minute {
		t.Errorf("told %v, %v", told, err)
	}
	if want := `{"count":3,"elapsed":2000000000,"p50":0,"p99":0}`; !strings.HasPrefix(out.String(), want) {
		t.Errorf("said %s", out.String())
	}
}
