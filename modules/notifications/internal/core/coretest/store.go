// Package coretest is the suite that every store of notifications must pass.
package coretest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"parley/modules/notifications/internal/core"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
	"parley/platform/storetest"
)

var now = storetest.Now()

type fixture struct {
	storetest.Assert
	core.Store
	t   *testing.T
	ctx context.Context
}

// TestStore runs the suite; open answers a fresh, empty store and its unit.
func TestStore(t *testing.T, open func(t *testing.T) (core.Store, uow.Unit)) {
	for name, test := range map[string]func(f fixture, unit uow.Unit){
		"a notification comes back as it was stored": roundTrip,
		"a cause tells each user once":               causes,
		"the newest comes first":                     newestFirst,
		"the inbox is filtered and paged":            listing,
		"another's notification is not there":        others,
		"a refused change changes nothing":           refused,
		"only the user's own are deleted":            deleting,
		"a failed unit leaves nothing behind":        rollback,
	} {
		t.Run(name, func(t *testing.T) {
			store, unit := open(t)
			test(fixture{Assert: storetest.New(t), Store: store, t: t, ctx: context.Background()}, unit)
		})
	}
}

// note is notification n of user 7, n minutes from now.
func note(n int, change func(*core.Notification)) core.Notification {
	out := core.Notification{
		OrganizationID: 1, UserID: 7, Title: fmt.Sprint("title ", n), Message: "o'message", Kind: "test", CreatedBy: "System",
		CreatedOn: now.Add(time.Duration(n) * time.Minute), Cause: fmt.Sprint("cause ", n),
	}
	if change != nil {
		change(&out)
	}
	return out
}

func (f fixture) add(ns ...core.Notification) { f.t.Helper(); f.NoError(f.Add(f.ctx, ns)) }

func (f fixture) page(userID int64, isRead *bool, p page.Request) page.Of[core.Notification] {
	f.t.Helper()
	out, err := f.Page(f.ctx, userID, isRead, p)
	f.NoError(err)
	return out
}

func (f fixture) titles(p page.Of[core.Notification]) []string {
	out := []string{}
	for _, n := range p.Items {
		out = append(out, n.Title)
	}
	return out
}

func (f fixture) unread(userID int64) int64 {
	f.t.Helper()
	n, err := f.Unread(f.ctx, userID)
	f.NoError(err)
	return n
}

func (f fixture) read(id int64) core.Notification {
	f.t.Helper()
	out, err := f.Update(f.ctx, 7, id, func(n *core.Notification) error {
		on := now.Add(time.Hour)
		n.IsRead, n.ReadOn = true, &on
		return nil
	})
	f.NoError(err)
	return out
}

func roundTrip(f fixture, _ uow.Unit) {
	link, on := "/api/user/9", now.Add(time.Hour)
	bare := note(1, nil)
	full := note(2, func(n *core.Notification) { n.Link, n.IsRead, n.ReadOn = &link, true, &on })
	f.add()
	f.add(bare, full)
	got := f.page(7, nil, page.Request{}).Items
	if len(got) != 2 || got[0].ID == 0 || got[0].ID == got[1].ID {
		f.t.Fatalf("got %+v", got)
	}
	full.ID, bare.ID = got[0].ID, got[1].ID
	f.Equal([]core.Notification{full, bare}, got)
}

func causes(f fixture, _ uow.Unit) {
	f.add(note(1, nil), note(1, func(n *core.Notification) { n.UserID = 8 }))
	f.add(note(2, nil), note(1, func(n *core.Notification) { n.Title = "again" }))
	f.Equal([]string{"title 2", "title 1"}, f.titles(f.page(7, nil, page.Request{})))
	f.Equal(int64(1), f.unread(8))
}

func newestFirst(f fixture, _ uow.Unit) {
	at := func(n *core.Notification) { n.CreatedOn = now }
	f.add(note(1, at), note(2, at), note(-3, nil), note(4, nil))
	f.Equal([]string{"title 4", "title 2", "title 1", "title -3"}, f.titles(f.page(7, nil, page.Request{})))
}

func listing(f fixture, _ uow.Unit) {
	f.add(note(1, nil), note(2, nil), note(3, nil), note(9, func(n *core.Notification) { n.UserID = 8 }))
	all := f.page(7, nil, page.Request{})
	read := f.read(all.Items[1].ID)
	yes, no := true, false
	f.Equal([]core.Notification{read}, f.page(7, &yes, page.Request{}).Items)
	f.Equal([]string{"title 3", "title 1"}, f.titles(f.page(7, &no, page.Request{})))
	f.Equal([]int64{2, 1, 0}, []int64{f.unread(7), f.unread(8), f.unread(9)})
	second := f.page(7, nil, page.Request{Number: 2, Size: 2})
	f.Equal([]string{"title 1"}, f.titles(second))
	f.Equal(int64(3), second.Count)
	walk := f.page(7, nil, page.Request{Size: 2, ByCursor: true})
	f.Equal([]string{"title 1"}, f.titles(f.page(7, nil, page.Request{Size: 2, Cursor: walk.NextCursor})))
	if _, err := f.Page(f.ctx, 7, nil, page.Request{Cursor: "nonsense"}); !errors.Is(err, page.ErrCursor) {
		f.t.Errorf("got %v", err)
	}
}

func others(f fixture, _ uow.Unit) {
	f.add(note(1, nil))
	id := f.page(7, nil, page.Request{}).Items[0].ID
	got, err := f.Get(f.ctx, 7, id)
	f.NoError(err)
	f.Equal(f.page(7, nil, page.Request{}).Items[0], got)
	for _, of := range [][2]int64{{8, id}, {7, id + 1}} {
		_, err := f.Update(f.ctx, of[0], of[1], func(*core.Notification) error { f.t.Error("called"); return nil })
		if !errors.Is(err, core.ErrNotFound) {
			f.t.Errorf("got %v", err)
		}
		if _, err := f.Get(f.ctx, of[0], of[1]); !errors.Is(err, core.ErrNotFound) {
			f.t.Errorf("got %v", err)
		}
	}
}

func refused(f fixture, _ uow.Unit) {
	f.add(note(1, nil))
	boom := errors.New("boom")
	_, err := f.Update(f.ctx, 7, f.page(7, nil, page.Request{}).Items[0].ID, func(n *core.Notification) error { n.IsRead = true; return boom })
	if !errors.Is(err, boom) || f.unread(7) != 1 {
		f.t.Errorf("got %v", err)
	}
}

func deleting(f fixture, _ uow.Unit) {
	f.add(note(1, nil), note(2, nil), note(3, func(n *core.Notification) { n.UserID = 8 }))
	f.NoError(f.DeleteOf(f.ctx, 7))
	f.NoError(f.DeleteOf(f.ctx, 7))
	f.Equal([]int64{0, 1}, []int64{f.unread(7), f.unread(8)})
}

func rollback(f fixture, unit uow.Unit) {
	f.add(note(1, nil))
	boom := errors.New("boom")
	err := unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error {
		in := f
		in.ctx = ctx
		in.NoError(in.DeleteOf(ctx, 7))
		in.add(note(2, nil), note(3, nil))
		in.Equal(int64(2), in.unread(7))
		return boom
	})
	if !errors.Is(err, boom) || f.unread(7) != 1 {
		f.t.Errorf("got %v", err)
	}
}
