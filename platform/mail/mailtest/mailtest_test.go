package mailtest

import "testing"

// A test may end, or leave itself out, before the server has begun to serve.
func TestAServerThatHasHardlyBegunEnds(t *testing.T) {
	for range 200 {
		t.Run("at once", func(t *testing.T) { New(t, Options{NoTLS: true}) })
	}
}
