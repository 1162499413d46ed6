package core

import (
	"strings"
	"testing"
)

func TestTokensAreFourCharactersOrOneOfAScriptWithoutSpaces(t *testing.T) {
	for text, want := range map[string]int64{
		"": 0, "a": 1, "four": 1, "fives": 2, "eight by": 2, "eight by eight and more": 6,
		"漢字": 2, "ไทย": 3, "カ한": 2, "été": 1, "\xff\xff\xff\xff\xff": 2,
		"a plain beginning 漢字 and a plain end": 2 + 9,
		strings.Repeat("Straße — so ", 100):    300,
	} {
		if got := tokensOf(text); got != want {
			t.Errorf("%q: %d tokens, not %d", text, got, want)
		}
	}
}
