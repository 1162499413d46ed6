package page_test

import (
	"testing"

	"parley/platform/kernel/page"
)

func FuzzCursor(f *testing.F) {
	for _, s := range []string{"", "eyJpIjoxfQ", "eyJ0IjoiMjAyNC0xMC0wMlQwMDowMjoyNFoiLCJpIjoxfQ", "e30", "bnVsbA", "W10", "eyJpIjoxZTk5fQ", "====", "eyJpIjoxfXt9"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		var key page.Key
		if page.DecodeCursor(cursor, &key) != nil {
			return
		}
		var again page.Key
		if err := page.DecodeCursor(page.EncodeCursor(key), &again); err != nil || again.Compare(key) != 0 {
			t.Errorf("%q is %v, and that is %v: %v", cursor, key, again, err)
		}
	})
}
