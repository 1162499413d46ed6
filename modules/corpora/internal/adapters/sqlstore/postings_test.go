package sqlstore

import (
	"slices"
	"strings"
	"testing"
)

func unpacked(t *testing.T, data string) (out []posting) {
	t.Helper()
	if err := unpack(data, func(p posting) { out = append(out, p) }); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestPostingsComeBackFromTheirBlocks(t *testing.T) {
	for name, postings := range map[string][]posting{
		"none":          nil,
		"one":           {newPosting(1, 1, 1)},
		"large numbers": {newPosting(1<<40, 30_000, 30_000), newPosting(1<<40+1, 1, 0), newPosting(1<<62+1, 31, 32)},
		"many":          many(2000),
	} {
		joined, passages := "", 0
		for _, b := range pack("t", postings) {
			if b.id != postings[passages].Passage || len(b.data) > maxBlock+100 {
				t.Errorf("%s: block %d of %d bytes", name, b.id, len(b.data))
			}
			if strings.ContainsFunc(b.data, func(r rune) bool { return r < '?' || r > '~' }) {
				t.Errorf("%s: %q", name, b.data)
			}
			joined, passages = joined+b.data, passages+b.passages
		}
		if got := unpacked(t, joined); !slices.Equal(got, postings) || passages != len(postings) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func many(n int) (out []posting) {
	for i := range n {
		out = append(out, newPosting(int64(1+i*i), 1+i%40, 100+i))
	}
	return out
}

func TestABrokenBlockIsRefused(t *testing.T) {
	good := pack("t", many(3))[0].data
	for _, data := range []string{" ", "\x00", "\xff", good[:1], good[:len(good)-1], good + "@", "\u007f", strings.Repeat("~", 100)} {
		if err := unpack(data, func(posting) {}); err == nil {
			t.Errorf("%q is read", data)
		}
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add(pack("t", many(3))[0].data)
	f.Add("~~~~~~~~~~~~~~~~~~~~~~~~")
	f.Fuzz(func(t *testing.T, data string) {
		calls := 0
		if err := unpack(data, func(posting) { calls++ }); calls > len(data) {
			t.Errorf("%d postings of %d bytes, %v", calls, len(data), err)
		}
	})
}
