package consumer_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"parley/modules/chat"
	"parley/modules/notifications/internal/adapters/consumer"
	"parley/modules/notifications/internal/adapters/memstore"
	"parley/modules/notifications/internal/core"
	"parley/modules/users"
	"parley/platform/bus"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/event"
	"parley/platform/kernel/page"
	"parley/platform/memory"
)

var now = time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)

// directory is the people of organization 1 after the deletion.
type directory struct {
	users.Directory
	people []users.User
	broken error
}

func (d *directory) Users(_ context.Context, org int64, ids []int64) ([]users.User, error) {
	return slices.DeleteFunc(slices.Clone(d.people), func(u users.User) bool { return u.OrganizationID != org || !slices.Contains(ids, u.ID) }), d.broken
}

func (d *directory) GlobalAdmins(_ context.Context, org int64) ([]users.User, error) {
	return slices.DeleteFunc(slices.Clone(d.people), func(u users.User) bool { return u.OrganizationID != org || !u.IsSuperuser || !u.IsActive }), d.broken
}

func admin(id int64, email string, names ...string) users.User {
	u := users.User{ID: id, OrganizationID: 1, Email: email, IsSuperuser: true, IsActive: true}
	if len(names) > 0 {
		u.FirstName = &names[0]
	}
	if len(names) > 1 {
		u.LastName = &names[1]
	}
	return u
}

type house struct {
	t       *testing.T
	db      *memory.DB
	people  *directory
	service *core.Service
	deliver func(context.Context, event.Envelope) error
}

// open has the global admins 1 (Ann Lee), 2 (by address alone) and 3, the
// ordinary user 4, and admin 5 of another organization.
func open(t *testing.T) *house { return openWith(t, func(*core.Deps, *directory) {}) }

func openWith(t *testing.T, change func(d *core.Deps, people *directory)) *house {
	c := clock.NewFixed(now)
	db := memory.New(c)
	idle := admin(6, "idle@example.com")
	idle.IsActive = false
	stranger := admin(5, "else@other.org")
	stranger.OrganizationID = 2
	people := &directory{people: []users.User{
		admin(1, "ann@example.com", "Ann ", "Lee"), admin(2, "ben@example.com"), admin(3, "", ""), {ID: 4, OrganizationID: 1, IsActive: true}, stranger, idle,
	}}
	d := core.Deps{Unit: db, Store: memstore.New(db), Users: people, Clock: c}
	change(&d, people)
	service := core.New(d)
	return &house{t, db, people, service, bus.Inline(db, consumer.Consumers(service)...)}
}

func (h *house) deleted(user, by int64) event.Envelope {
	h.t.Helper()
	sealed, err := event.Seal(now, []event.Event{users.UserDeleted{UserID: user, OrganizationID: 1, DeletedBy: by}})
	if err != nil {
		h.t.Fatal(err)
	}
	return sealed[0]
}

func (h *house) happens(e event.Envelope) {
	h.t.Helper()
	if err := h.deliver(context.Background(), e); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) inbox(user int64) []core.Notification {
	h.t.Helper()
	found, err := h.service.Inbox(context.Background(), actor.Actor{UserID: user, OrganizationID: 1}, nil, page.Request{})
	if err != nil {
		h.t.Fatal(err)
	}
	return found.Items
}

func TestEveryOtherActiveGlobalAdminIsToldOnceOfADeletedUser(t *testing.T) {
	h := open(t)
	e := h.deleted(9, 1)
	h.happens(e)
	h.happens(e)
	h.deliver = bus.Inline(h.db, consumer.Consumers(h.service)...) // which has forgotten, as one that replays
	h.happens(e)
	for user, want := range map[int64]int{1: 0, 2: 1, 3: 1, 4: 0, 5: 0, 6: 0} {
		if got := h.inbox(user); len(got) != want {
			t.Errorf("user %d was told %v", user, got)
		}
	}
	want := core.Notification{
		OrganizationID: 1, UserID: 2, Title: "A user was deleted", Message: "User 9 was deleted by Ann Lee (user 1).",
		Kind: "user_deleted", CreatedBy: "System", CreatedOn: now, Cause: e.ID, Sequence: 1,
	}
	got := h.inbox(2)[0]
	want.ID = got.ID
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTheMessageSaysWhoDidIt(t *testing.T) {
	for by, want := range map[int64]string{
		0: "User 9 was deleted by the server.", 1: "User 9 was deleted by Ann Lee (user 1).", 2: "User 9 was deleted by ben@example.com (user 2).",
		3: "User 9 was deleted by user 3.", 77: "User 9 was deleted by user 77, who is no longer there.",
	} {
		h := open(t)
		h.people.people = append(h.people.people, admin(8, "told@example.com"))
		h.happens(h.deleted(9, by))
		if got := h.inbox(8)[0].Message; got != want {
			t.Errorf("%q", got)
		}
	}
}

func TestTheDeletedUsersInboxGoes(t *testing.T) {
	h := open(t)
	h.happens(h.deleted(9, 1))
	h.people.people = slices.DeleteFunc(h.people.people, func(u users.User) bool { return u.ID == 2 })
	h.happens(h.deleted(2, 1))
	if got := h.inbox(2); len(got) != 0 {
		t.Errorf("left are %v", got)
	}
	told := h.inbox(3)
	if len(told) != 2 || strings.Contains(told[0].Message, "ben@example.com") {
		t.Errorf("admin 3 was told %v", told)
	}
}

func TestWhatFailsHalfwayHasNoEffectUntilItIsTriedAgain(t *testing.T) {
	h := open(t)
	h.happens(h.deleted(9, 1))
	e := h.deleted(2, 1)
	h.people.broken = errors.New("the directory is down")
	if err := h.deliver(context.Background(), e); !errors.Is(err, h.people.broken) {
		t.Fatalf("got %v", err)
	}
	if got := h.inbox(2); len(got) != 1 {
		t.Errorf("the inbox has %v", got)
	}
	h.people.broken = nil
	h.happens(e)
	if got := h.inbox(3); len(got) != 2 {
		t.Errorf("admin 3 was told %v", got)
	}
}

// seal makes an envelope of a fact.
func (h *house) seal(fact event.Event) event.Envelope {
	h.t.Helper()
	sealed, err := event.Seal(now, []event.Event{fact})
	if err != nil {
		h.t.Fatal(err)
	}
	return sealed[0]
}

func TestAUserIsToldOnceOfEachContentGrantOnThem(t *testing.T) {
	h := open(t)
	until := now.Add(48 * time.Hour)
	made := h.seal(chat.ContentGrantCreated{GrantID: 5, OrganizationID: 1, GrantedTo: 1, UserID: 4, ExpiresOn: until})
	h.happens(made)
	h.happens(made)
	h.happens(h.seal(chat.ContentRead{GrantID: 5, OrganizationID: 1, ReaderID: 1, UserID: 4, AgentID: 3, ThreadID: 12}))
	want := []core.Notification{{
		ID: 1, OrganizationID: 1, UserID: 4, Title: "Your conversations can be read", Kind: "content_opened", CreatedBy: "System", CreatedOn: now, Cause: "content_grant/5", Sequence: 1,
		Message: "Ann Lee (user 1) may read your conversations until 2026-05-22 12:00 UTC (content grant 5).",
	}}
	if diff := cmp.Diff(want, h.inbox(4)); diff != "" {
		t.Error(diff)
	}
	h.happens(h.seal(chat.ContentGrantCreated{GrantID: 6, OrganizationID: 1, GrantedTo: 3, UserID: 4, ExpiresOn: until}))
	if got := h.inbox(4); len(got) != 2 || !strings.HasPrefix(got[0].Message, "User 3 may read") {
		t.Errorf("of another grant: %+v", got)
	}
}

func TestOfAGrantOnAnAgentEachUserWhoWasReadIsToldOnce(t *testing.T) {
	h := open(t)
	h.happens(h.seal(chat.ContentGrantCreated{GrantID: 5, OrganizationID: 1, GrantedTo: 77, AgentID: 3, ExpiresOn: now.Add(time.Hour)}))
	if got := h.inbox(4); len(got) != 0 {
		t.Fatalf("told before anything was read: %+v", got)
	}
	link := "/api/chat-thread/12"
	for _, e := range []chat.ContentRead{
		{GrantID: 5, OrganizationID: 1, ReaderID: 77, UserID: 4, AgentID: 3, ThreadID: 12, AgentResponseID: 40},
		{GrantID: 5, OrganizationID: 1, ReaderID: 77, UserID: 4, AgentID: 3, ThreadID: 13},
		{GrantID: 5, OrganizationID: 1, ReaderID: 77, UserID: 2, AgentID: 3},
		{GrantID: 5, OrganizationID: 1, ReaderID: 77, UserID: 99, AgentID: 3}, // who is gone
		{GrantID: 5, OrganizationID: 1, ReaderID: 77, UserID: 5, AgentID: 3},  // another organization's
	} {
		h.happens(h.seal(e))
	}
	told := func(user int64, link *string) core.Notification {
		return core.Notification{
			OrganizationID: 1, UserID: user, Title: "Your conversations were read", Kind: "content_opened", CreatedBy: "System", CreatedOn: now, Cause: "content_grant/5",
			Sequence: 1, Link: link, Message: "User 77, who is no longer there, has read conversations of yours with agent 3 (content grant 5).",
		}
	}
	for user, want := range map[int64][]core.Notification{4: {told(4, &link)}, 2: {told(2, nil)}, 99: nil, 5: nil} {
		got := h.inbox(user)
		for i := range got {
			got[i].ID = 0
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("user %d: %s", user, diff)
		}
	}
}
