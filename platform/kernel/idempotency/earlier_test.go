package idempotency_test

import (
	"errors"
	"strings"
	"testing"

	"parley/platform/kernel/idempotency"
)

func TestALaterRequestIsAnsweredByWhatTheFirstOneCameTo(t *testing.T) {
	stored := &idempotency.Answer{Status: 201, Body: []byte("{}")}
	for name, c := range map[string]struct {
		earlier idempotency.Earlier
		want    error
	}{
		"one that runs":                    {idempotency.Earlier{Fingerprint: "f"}, idempotency.ErrInProgress},
		"one whose answer is to be stored": {idempotency.Earlier{Fingerprint: "f", State: idempotency.Committed}, idempotency.ErrInProgress},
		"one whose answer was lost":        {idempotency.Earlier{Fingerprint: "f", State: idempotency.Lost}, idempotency.ErrLost},
		"one whose answer was too large":   {idempotency.Earlier{Fingerprint: "f", State: idempotency.Done}, idempotency.ErrNotKept},
		"one that is done":                 {idempotency.Earlier{Fingerprint: "f", State: idempotency.Done, Answer: stored}, nil},
		"another one that is done":         {idempotency.Earlier{Fingerprint: "g", State: idempotency.Done, Answer: stored}, idempotency.ErrKeyReused},
		"another one that was lost":        {idempotency.Earlier{Fingerprint: "g", State: idempotency.Lost}, idempotency.ErrKeyReused},
	} {
		got, err := c.earlier.To(idempotency.Claim{UserID: 1, Key: "k", Fingerprint: "f"})
		if !errors.Is(err, c.want) || (got == stored) != (c.want == nil) {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
}

func TestTheErrorOfALongKeySaysHowLongOneMayBe(t *testing.T) {
	if !strings.Contains(idempotency.ErrKeyLength.Message, "1 to 255 characters") {
		t.Error(idempotency.ErrKeyLength.Message)
	}
}
