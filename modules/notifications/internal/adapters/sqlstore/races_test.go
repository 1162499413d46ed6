package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"parley/modules/notifications/internal/adapters/sqlstore"
	"parley/modules/notifications/internal/core"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// anybody lets everybody write to everybody.
var anybody = []access.Decider{{Resource: actor.Account, May: func(context.Context, actor.Actor, int64, access.Action) error { return nil }}}

func TestAtOnceTooOneSenderSendsTwentyAnHour(t *testing.T) {
	dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		db, unit := open(t)
		service := core.New(core.Deps{Unit: unit, Store: sqlstore.New(db), Clock: clock.NewFixed(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))})
		service.Decided(anybody)
		var all sync.WaitGroup
		var mu sync.Mutex
		sent := map[int64]int{}
		for i := range 100 {
			sender := int64(1 + i%2)
			all.Go(func() {
				_, err := service.Send(t.Context(), actor.Actor{UserID: sender, OrganizationID: 1, Email: "a@example.com"}, 7, core.Message{Text: "x"})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					sent[sender]++
				} else if !errors.Is(err, core.ErrTooMany) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if sent[1] != 20 || sent[2] != 20 {
			t.Errorf("sent %v", sent)
		}
	})
}

// While everything happens at once to two inboxes, a follower who reads on by
// number sees each notification once, and the counters are what a recount says.
func TestNothingIsMissedOrMiscountedWhileEverythingHappensAtOnce(t *testing.T) {
	dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		db, unit := open(t)
		store := sqlstore.New(db)
		service := core.New(core.Deps{Unit: unit, Store: store, Clock: clock.System{}})
		ctx := t.Context()
		const writers, each = 6, 40
		var writing, reading sync.WaitGroup
		for w := range writers {
			writing.Go(func() {
				for i := range each {
					at := time.Now().UTC().Truncate(time.Microsecond)
					both := []core.Notification{
						{UserID: 8, OrganizationID: 1, Cause: fmt.Sprint(w, "/", i), CreatedOn: at}, {UserID: 7, OrganizationID: 1, Cause: fmt.Sprint(w, "/", i), CreatedOn: at},
					}
					if err := unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error { _, err := store.Add(ctx, both); return err }); err != nil {
						t.Error(err)
					}
				}
			})
		}
		done := make(chan struct{})
		for range 2 {
			reading.Go(func() {
				for {
					select {
					case <-done:
						return
					default:
					}
					who := actor.Actor{UserID: 7, OrganizationID: 1}
					if _, err := service.ReadAll(ctx, who); err != nil {
						t.Error(err)
					}
					if found, err := service.Inbox(ctx, who, nil, page.Request{Size: 1}); err != nil {
						t.Error(err)
					} else if len(found.Items) > 0 {
						if _, err := service.Read(ctx, who, found.Items[0].ID); err != nil {
							t.Error(err)
						}
					}
				}
			})
		}
		var seen []int64
		reading.Go(func() {
			for after, over := int64(0), false; ; {
				select {
				case <-done: // what is there now is all
					over = true
				default:
				}
				found, _, err := store.After(ctx, 7, after, 100)
				if err != nil {
					t.Error(err)
				}
				for _, n := range found {
					after = n.Sequence
					seen = append(seen, n.Sequence)
				}
				if over && len(found) < 100 {
					return
				}
			}
		})
		writing.Wait()
		close(done)
		reading.Wait()
		for i, n := range seen {
			if n != int64(i+1) {
				t.Fatalf("after %d came %d", i, n)
			}
		}
		if len(seen) != writers*each {
			t.Errorf("%d were seen", len(seen))
		}
		for user := int64(7); user <= 8; user++ {
			no := false
			all, _, err := store.Page(ctx, user, nil, page.Request{Size: page.MaxSize, ByCursor: true})
			if err != nil {
				t.Fatal(err)
			}
			unread, _, err := store.Page(ctx, user, &no, page.Request{Size: page.MaxSize, ByCursor: true})
			if err != nil {
				t.Fatal(err)
			}
			c, err := store.Counters(ctx, user)
			if want := (core.Counters{LastSequence: writers * each, Total: int64(len(all.Items)), Unread: int64(len(unread.Items))}); err != nil || c != want || c.Total != writers*each {
				t.Errorf("user %d: %+v, a recount %+v, %v", user, c, want, err)
			}
		}
	})
}
