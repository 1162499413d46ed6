// Package coretest is the suite that every store of notifications must pass.
package coretest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
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
		"reading twice changes nothing":              readTwice,
		"notifications of a user are counted on":     sequences,
		"what is behind a number is answered":        behind,
		"all are read that there are":                readAll,
		"lists agree with a recount":                 recounted,
		"the oldest are removed":                     trimmed,
		"what somebody sent is counted back":         sent,
		"preferences are kept for each user":         preferences,
		"one mail waits for a user in each mode":     mailWaits,
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

func (f fixture) add(ns ...core.Notification) []core.Notification {
	f.t.Helper()
	stored, err := f.Add(f.ctx, ns)
	f.NoError(err)
	return stored
}

func (f fixture) page(userID int64, isRead *bool, p page.Request) page.Of[core.Notification] {
	f.t.Helper()
	out, c, err := f.Page(f.ctx, userID, isRead, p)
	f.NoError(err)
	f.Equal(f.counters(userID), c)
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
	return f.counters(userID).Unread
}

func (f fixture) counters(userID int64) core.Counters {
	f.t.Helper()
	c, err := f.Counters(f.ctx, userID)
	f.NoError(err)
	return c
}

func (f fixture) after(userID, sequence int64, limit int) []string {
	f.t.Helper()
	found, unread, err := f.After(f.ctx, userID, sequence, limit)
	f.NoError(err)
	if len(found) > 0 {
		f.Equal(f.unread(userID), unread)
	}
	return f.titles(page.Of[core.Notification]{Items: found})
}

func (f fixture) read(id int64) core.Notification {
	f.t.Helper()
	out, err := f.Read(f.ctx, 7, id, now.Add(time.Hour))
	f.NoError(err)
	return out
}

func roundTrip(f fixture, _ uow.Unit) {
	link, on := "/api/user/9", now.Add(time.Hour)
	bare := note(1, nil)
	full := note(2, func(n *core.Notification) { n.Link, n.IsRead, n.ReadOn, n.SenderID = &link, true, &on, 9 })
	f.add()
	f.add(bare, full)
	got := f.page(7, nil, page.Request{}).Items
	if len(got) != 2 || got[0].ID == 0 || got[0].ID == got[1].ID {
		f.t.Fatalf("got %+v", got)
	}
	full.ID, bare.ID = got[0].ID, got[1].ID
	bare.Sequence, full.Sequence = 1, 2
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
	f.Equal([]string{"title 4", "title -3", "title 2", "title 1"}, f.titles(f.page(7, nil, page.Request{})))
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
	if _, _, err := f.Page(f.ctx, 7, nil, page.Request{Cursor: "nonsense"}); !errors.Is(err, page.ErrCursor) {
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
		_, err := f.Read(f.ctx, of[0], of[1], now)
		if !errors.Is(err, core.ErrNotFound) {
			f.t.Errorf("got %v", err)
		}
		if _, err := f.Get(f.ctx, of[0], of[1]); !errors.Is(err, core.ErrNotFound) {
			f.t.Errorf("got %v", err)
		}
	}
}

func readTwice(f fixture, _ uow.Unit) {
	id := f.add(note(1, nil), note(2, nil))[0].ID
	first := f.read(id)
	f.Equal(true, first.IsRead)
	f.Equal(now.Add(time.Hour), *first.ReadOn)
	again, err := f.Read(f.ctx, 7, id, now.Add(2*time.Hour))
	f.NoError(err)
	f.Equal(first, again)
	f.Equal(int64(1), f.unread(7))
}

func deleting(f fixture, _ uow.Unit) {
	f.add(note(1, nil), note(2, nil), note(3, func(n *core.Notification) { n.UserID = 8 }))
	f.NoError(f.DeleteOf(f.ctx, 1, 7))
	f.NoError(f.DeleteOf(f.ctx, 1, 7))
	f.Equal([]int64{0, 1}, []int64{f.unread(7), f.unread(8)})
	// What is told of them later finds nobody.
	f.Equal([]string{"title 5"}, f.titles(page.Of[core.Notification]{Items: f.add(note(4, nil), note(5, func(n *core.Notification) { n.UserID = 8 }))}))
	f.Equal([]string{}, f.titles(f.page(7, nil, page.Request{})))
	f.NoError(f.DeleteOf(f.ctx, 1, 10)) // who was told nothing
	f.Equal(0, len(f.add(note(6, func(n *core.Notification) { n.UserID = 10 }))))
	f.Equal(core.Counters{}, f.counters(10))
}

func rollback(f fixture, unit uow.Unit) {
	f.add(note(1, nil))
	boom := errors.New("boom")
	err := unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error {
		in := f
		in.ctx = ctx
		in.NoError(in.Trim(ctx, 7, 1, 10))
		in.add(note(2, nil), note(3, nil))
		in.Equal(core.Counters{LastSequence: 3, Total: 2, Unread: 2}, in.counters(7))
		return boom
	})
	if !errors.Is(err, boom) || f.unread(7) != 1 {
		f.t.Errorf("got %v", err)
	}
}

func sequences(f fixture, unit uow.Unit) {
	other := func(n *core.Notification) { n.UserID = 8 }
	got := f.add(note(1, nil), note(2, other), note(3, nil), note(1, nil))
	f.Equal([]int64{1, 1, 2}, []int64{got[0].Sequence, got[1].Sequence, got[2].Sequence})
	f.Equal(0, len(f.add(note(3, nil)))) // told before, which takes no number
	err := unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error {
		in := f
		in.ctx = ctx
		in.add(note(4, nil))
		return errors.New("boom")
	})
	f.Equal("boom", err.Error())
	f.Equal(int64(3), f.add(note(5, nil))[0].Sequence)
	f.Equal(core.Counters{LastSequence: 3, Total: 3, Unread: 3}, f.counters(7))
	f.Equal(core.Counters{}, f.counters(99))
}

func behind(f fixture, _ uow.Unit) {
	f.add(note(3, nil), note(2, nil), note(1, nil), note(4, func(n *core.Notification) { n.UserID = 8 }))
	f.Equal([]string{"title 3", "title 2", "title 1"}, f.after(7, 0, 10))
	f.Equal([]string{"title 2"}, f.after(7, 1, 1))
	f.Equal([]string{}, f.after(7, 3, 10))
	f.Equal([]string{}, f.after(99, 0, 10))
}

func readAll(f fixture, unit uow.Unit) {
	got := f.add(note(1, nil), note(2, nil), note(3, nil), note(5, func(n *core.Notification) { n.UserID = 8 }))
	alone := f.read(got[0].ID)
	all := func(on time.Time, want int64) {
		f.t.Helper()
		n, err := f.ReadAll(f.ctx, 7, on)
		f.NoError(err)
		f.Equal(want, n)
	}
	first, second := now.Add(2*time.Hour), now.Add(3*time.Hour)
	all(first, 2)
	all(second, 0)
	f.add(note(4, nil))
	f.Equal([]int64{1, 1}, []int64{f.unread(7), f.unread(8)})
	all(second, 1)
	all(second.Add(time.Hour), 0)
	var on []time.Time
	for _, n := range f.page(7, nil, page.Request{}).Items {
		f.Equal(true, n.IsRead)
		on = append(on, *n.ReadOn)
	}
	f.Equal([]time.Time{second, first, first, *alone.ReadOn}, on) // when it was read stays
	f.Equal([]string{"title 1", "title 2", "title 3", "title 4"}, f.after(7, 0, 10))
	found, _, err := f.After(f.ctx, 7, 3, 10)
	f.NoError(err)
	one, err := f.Get(f.ctx, 7, found[0].ID)
	f.NoError(err)
	f.Equal(found[0], one)
	f.Equal(second, *one.ReadOn)
	again, err := f.Read(f.ctx, 7, one.ID, now.Add(9*time.Hour))
	f.NoError(err)
	f.Equal(one, again)
	n, err := f.ReadAll(f.ctx, 99, now)
	f.NoError(err)
	f.Equal(int64(0), n)
	f.Equal(core.Counters{}, f.counters(99))
	boom := errors.New("boom")
	f.add(note(6, nil))
	f.ErrorIs(unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error {
		_, err := f.ReadAll(ctx, 7, now)
		f.NoError(err)
		return boom
	}), boom)
	f.Equal(int64(1), f.unread(7))
}

// recounted does what users do in an order that a seed gives, and compares all
// parts of all lists with what is in the inbox as a whole.
func recounted(f fixture, _ uow.Unit) {
	random := rand.New(rand.NewPCG(1, 2))
	yes, no := true, false
	for step := range 120 {
		switch all := f.page(7, nil, page.Request{}).Items; {
		case len(all) == 0 || random.IntN(4) == 0:
			f.add(note(step, nil), note(1000+step, nil), note(2000+step, nil))
		case random.IntN(8) == 0:
			_, err := f.ReadAll(f.ctx, 7, now.Add(time.Duration(step)*time.Minute))
			f.NoError(err)
		case random.IntN(12) == 0:
			f.NoError(f.Trim(f.ctx, 7, all[len(all)-1].Sequence+random.Int64N(4), 100))
		default:
			f.read(all[random.IntN(len(all))].ID)
		}
		all := f.page(7, nil, page.Request{}).Items
		for _, isRead := range []*bool{nil, &yes, &no} {
			want := []core.Notification{}
			for _, n := range all {
				if isRead == nil || n.IsRead == *isRead {
					want = append(want, n)
				}
			}
			size := 1 + random.IntN(7)
			byNumber, byCursor := []core.Notification{}, []core.Notification{}
			for n := 1; n == 1 || len(byNumber) == (n-1)*size; n++ {
				part := f.page(7, isRead, page.Request{Number: n, Size: size})
				f.Equal(int64(len(want)), part.Count)
				byNumber = append(byNumber, part.Items...)
			}
			f.Equal(want, byNumber)
			for p := (page.Request{Size: size, ByCursor: true}); ; {
				part := f.page(7, isRead, p)
				f.Equal(int64(-1), part.Count)
				byCursor = append(byCursor, part.Items...)
				if p.Cursor = part.NextCursor; p.Cursor == "" {
					break
				}
			}
			f.Equal(want, byCursor)
		}
	}
}

func trimmed(f fixture, _ uow.Unit) {
	f.add(note(1, nil), note(2, nil), note(3, nil), note(4, nil), note(5, func(n *core.Notification) { n.UserID = 8 }))
	f.read(f.page(7, nil, page.Request{}).Items[3].ID)
	f.NoError(f.Trim(f.ctx, 7, 3, 2))
	f.Equal([]string{"title 3", "title 4"}, f.after(7, 0, 10))
	f.Equal(core.Counters{LastSequence: 4, Total: 2, Unread: 2}, f.counters(7))
	f.NoError(f.Trim(f.ctx, 7, 3, 2))
	f.NoError(f.Trim(f.ctx, 7, 3, 2))
	f.NoError(f.Trim(f.ctx, 99, 3, 2))
	f.Equal([]string{"title 4"}, f.after(7, 0, 10))
	f.Equal(core.Counters{LastSequence: 4, Total: 1, Unread: 1}, f.counters(7))
	f.Equal(core.Counters{LastSequence: 1, Total: 1, Unread: 1}, f.counters(8))
	f.Equal(int64(5), f.add(note(6, nil))[0].Sequence)
}

func sent(f fixture, _ uow.Unit) {
	by := func(user, sender int64) func(*core.Notification) {
		return func(n *core.Notification) { n.UserID, n.SenderID = user, sender }
	}
	f.add(note(1, by(7, 9)), note(3, by(7, 9)), note(2, by(7, 9)), note(4, by(7, 8)), note(5, by(8, 9)), note(6, nil))
	for nth, want := range map[int]int{1: 3, 2: 2, 3: 1} {
		at, there, err := f.Sent(f.ctx, 7, 9, nth)
		f.NoError(err)
		f.Equal(true, there)
		f.Equal(now.Add(time.Duration(want)*time.Minute), at)
	}
	for _, none := range [][3]int64{{7, 9, 4}, {7, 0, 1}, {99, 9, 1}} {
		_, there, err := f.Sent(f.ctx, none[0], none[1], int(none[2]))
		f.NoError(err)
		f.Equal(false, there)
	}
}

func preferences(f fixture, _ uow.Unit) {
	set := func(user int64, muted []string, mail map[string]core.Mail) core.Preference {
		f.t.Helper()
		p, err := f.UpdatePreference(f.ctx, 1, user, func(p *core.Preference) error { p.Muted, p.Mail = muted, mail; return nil })
		f.NoError(err)
		return p
	}
	of := func(users ...int64) map[int64]core.Preference {
		f.t.Helper()
		got, err := f.Preferences(f.ctx, users)
		f.NoError(err)
		return got
	}
	f.Equal(map[int64]core.Preference{}, of())
	f.Equal(map[int64]core.Preference{}, of(7, 8))
	want := core.Preference{UserID: 7, OrganizationID: 1, Muted: []string{"a", "b'c"}, Mail: map[string]core.Mail{"a": core.MailDigest}}
	f.Equal(want, set(7, want.Muted, want.Mail))
	set(8, []string{"z"}, nil)
	f.Equal(want, of(7, 9)[7])
	f.Equal(2, len(of(7, 8, 9)))
	boom := errors.New("boom")
	_, err := f.UpdatePreference(f.ctx, 1, 7, func(p *core.Preference) error { p.Muted = nil; return boom })
	f.ErrorIs(err, boom)
	f.Equal(want, of(7)[7])
	f.NoError(f.DeleteOf(f.ctx, 1, 7))
	f.Equal(1, len(of(7, 8)))
}
