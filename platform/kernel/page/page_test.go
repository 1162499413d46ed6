package page_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/platform/kernel/page"
)

func byItself(n int64) page.Key { return page.Key{ID: n} }

func TestAPartIsCutOutOfAWholeList(t *testing.T) {
	after := func(n int64) string { return page.EncodeCursor(page.Key{ID: n}) }
	for what, c := range map[string]struct {
		all     []int64
		request page.Request
		want    []int64
		count   int64
		next    string
	}{
		"all of it":                  {[]int64{1, 3, 5}, page.Request{}, []int64{1, 3, 5}, 3, ""},
		"the first page":             {[]int64{1, 3, 5}, page.Request{Size: 2}, []int64{1, 3}, 3, after(3)},
		"the last page":              {[]int64{1, 3, 5}, page.Request{Number: 2, Size: 2}, []int64{5}, 3, ""},
		"a page behind the last":     {[]int64{1, 3, 5}, page.Request{Number: 9, Size: 2}, []int64{}, 3, ""},
		"a page that just fits":      {[]int64{1, 3}, page.Request{Size: 2}, []int64{1, 3}, 2, ""},
		"the first part by cursor":   {[]int64{1, 3, 5}, page.Request{Size: 2, ByCursor: true}, []int64{1, 3}, -1, after(3)},
		"what follows a cursor":      {[]int64{1, 3, 5, 7}, page.Request{Size: 2, Cursor: after(1)}, []int64{3, 5}, -1, after(5)},
		"what follows one that went": {[]int64{1, 3, 5}, page.Request{Size: 2, Cursor: after(2)}, []int64{3, 5}, -1, ""},
		"what follows the last":      {[]int64{1, 3, 5}, page.Request{Size: 2, Cursor: after(5)}, []int64{}, -1, ""},
		"a page beside a cursor":     {[]int64{1, 3, 5}, page.Request{Number: 2, Size: 1, Cursor: after(1)}, []int64{3}, -1, after(3)},
		"nothing":                    {[]int64{}, page.Request{Number: 2}, []int64{}, 0, ""},
	} {
		got, err := page.Cut(c.all, c.request, false, byItself)
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if diff := cmp.Diff(page.Of[int64]{Items: c.want, Count: c.count, NextCursor: c.next, Request: c.request}, got); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
	newest := page.Request{Size: 2, Cursor: after(6)}
	got, err := page.Cut([]int64{7, 5, 3, 1}, newest, true, byItself)
	if diff := cmp.Diff(page.Of[int64]{Items: []int64{5, 3}, Count: -1, NextCursor: after(3), Request: newest}, got); diff != "" || err != nil {
		t.Errorf("newest first: %v %s", err, diff)
	}
	if _, err := page.Cut([]int64{1}, page.Request{Cursor: "nonsense"}, false, byItself); !errors.Is(err, page.ErrCursor) {
		t.Errorf("another one's cursor: %v", err)
	}
}
