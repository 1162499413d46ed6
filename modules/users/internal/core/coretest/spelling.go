package coretest

import (
	"parley/modules/users"
	"parley/platform/kernel/uow"
	"parley/platform/storetest"
)

func oddSpellings(f fixture, _ uow.Unit) {
	f.user("plain@example.com")
	f.user("")
	wide := f.user("jo@b\u00fccher.example")
	code := f.user("jo@xn--bcher-kva.example")
	list := func(after int64, limit int) []users.User {
		f.t.Helper()
		return storetest.Must[[]users.User](f.t)(f.OddlySpelled(f.ctx, after, limit))
	}
	f.Equal([]users.User{wide, code}, list(0, 10))
	f.Equal([]users.User{wide}, list(0, 1))
	f.Equal([]users.User{code}, list(wide.ID, 10))
	f.Equal(0, len(list(code.ID, 10)))
}
