package coretest

import (
	"context"
	"errors"
	"time"

	"parley/modules/chat/internal/core"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
	"parley/platform/storetest"
)

func of[T any](v T) *T { return &v }

func threadRoundTrip(f fixture) {
	want := f.thread(func(t *core.Thread) {
		t.CorpusID, t.ChatID, t.QuerySource = of(int64(9)), of("chat-1"), of("teams")
		t.Title, t.IsSystemCreated, t.ModifiedBy, t.ModifiedOn = "Ölpreise “heute” 漢字", true, "ann@example.com", now.Add(time.Hour)
	})
	if want.ID == 0 {
		f.t.Error("the thread has no id")
	}
	f.Equal(want, storetest.Must[core.Thread](f.t)(f.Thread(f.ctx, jo, want.ID)))
	bare := f.thread()
	f.Equal(bare, storetest.Must[core.Thread](f.t)(f.Thread(f.ctx, jo, bare.ID)))
}

func threadUpdate(f fixture) {
	t := f.thread()
	rename := func(t *core.Thread) error { t.Title, t.ModifiedOn = "Renamed", now.Add(time.Hour); return nil }
	_, err := f.UpdateThread(f.ctx, ann, t.ID, rename)
	f.ErrorIs(err, core.ErrNotFound)
	changed := storetest.Must[core.Thread](f.t)(f.UpdateThread(f.ctx, jo, t.ID, rename))
	t.Title, t.ModifiedOn = "Renamed", now.Add(time.Hour)
	f.Equal(t, changed)
	refused := errors.New("refused")
	_, err = f.UpdateThread(f.ctx, jo, t.ID, func(t *core.Thread) error { t.Title = "Never"; return refused })
	f.ErrorIs(err, refused)
	f.Equal(t, storetest.Must[core.Thread](f.t)(f.Thread(f.ctx, jo, t.ID)))
}

func threadPaging(f fixture) {
	at := func(minutes int, source *string) core.Thread {
		return f.thread(func(t *core.Thread) {
			t.ModifiedOn, t.QuerySource = now.Add(time.Duration(minutes)*time.Minute), source
		})
	}
	a, b, c, d := at(2, nil), at(3, of("teams")), at(1, of("api")), at(3, nil)
	f.thread(func(t *core.Thread) { t.UserID = ann })
	f.thread(func(t *core.Thread) { t.AgentID = 99 })
	f.thread(func(t *core.Thread) { t.IsDeleted = true })
	list := func(source string, p page.Request) page.Of[core.Thread] {
		f.t.Helper()
		return storetest.Must[page.Of[core.Thread]](f.t)(f.ThreadsPage(f.ctx, jo, agent, source, p))
	}
	all := list("", page.Request{})
	f.Equal([]core.Thread{d, b, a, c}, all.Items)
	f.Equal(int64(4), all.Count)
	f.Equal([]core.Thread{d, b, a}, list("teams", page.Request{}).Items)
	test := at(0, of(core.SourceEvaluation))
	f.Equal([]core.Thread{d, a, test}, list(core.SourceEvaluation, page.Request{}).Items)
	f.Equal(int64(4), list("", page.Request{}).Count)
	second := list("", page.Request{Number: 2, Size: 3})
	f.Equal([]core.Thread{c}, second.Items)
	var walked []core.Thread
	for p := (page.Request{Size: 1, ByCursor: true}); ; {
		part := list("", p)
		walked = append(walked, part.Items...)
		f.Equal(int64(-1), part.Count)
		if p.Cursor = part.NextCursor; p.Cursor == "" {
			break
		}
	}
	f.Equal([]core.Thread{d, b, a, c}, walked)
	_, err := f.ThreadsPage(f.ctx, jo, agent, "", page.Request{Cursor: "nonsense"})
	f.ErrorIs(err, page.ErrCursor)
}

func notYours(f fixture) {
	r := f.running()
	deleted := f.thread(func(t *core.Thread) { t.IsDeleted = true })
	for _, id := range []int64{deleted.ID, 99999} {
		_, err := f.Thread(f.ctx, jo, id)
		f.ErrorIs(err, core.ErrNotFound)
	}
	_, err := f.Thread(f.ctx, ann, r.ThreadID)
	f.ErrorIs(err, core.ErrNotFound)
	_, err = f.Run(f.ctx, ann, r.ID)
	f.ErrorIs(err, core.ErrNotFound)
	_, err = f.Run(f.ctx, jo, 99999)
	f.ErrorIs(err, core.ErrNotFound)
	_, err = f.RequestCancel(f.ctx, ann, r.ID)
	f.ErrorIs(err, core.ErrNotFound)
	f.Equal(r, storetest.Must[core.Run](f.t)(f.Run(f.ctx, jo, r.ID)))
}

func deleting(f fixture) {
	r := f.running(withKey("k"))
	f.NoError(f.extend(r.ID, here, deltas(2, 1)))
	storetest.Must[core.Run](f.t)(f.close(r, full()))
	open := f.running()
	other := f.running(by(ann))
	f.NoError(f.Unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error { return f.DeleteUser(ctx, jo) }))

	for _, id := range []int64{r.ID, open.ID} {
		_, err := f.Run(f.ctx, jo, id)
		f.ErrorIs(err, core.ErrNotFound)
		f.Equal(0, len(f.stream(id)))
	}
	_, err := f.Thread(f.ctx, jo, r.ThreadID)
	f.ErrorIs(err, core.ErrNotFound)
	_, err = f.RunByKey(f.ctx, jo, "k")
	f.ErrorIs(err, core.ErrNotFound)
	f.Equal(0, len(storetest.Must[map[int64]core.Content](f.t)(f.Contents(f.ctx, []int64{r.ID, open.ID}))))
	f.Equal(0, len(storetest.Must[[]core.Thought](f.t)(f.Thoughts(f.ctx, r.ID))))
	f.Equal(0, len(storetest.Must[[]core.Support](f.t)(f.Support(f.ctx, r.ID))))
	f.Equal(0, len(storetest.Must[page.Of[core.Run]](f.t)(f.RunsPage(f.ctx, r.ThreadID, page.Request{})).Items))
	f.Equal(full().Usage, storetest.Must[[]core.Metered](f.t)(f.Ledger(f.ctx, r.ID)))
	f.Equal(other, storetest.Must[core.Run](f.t)(f.Run(f.ctx, ann, other.ID)))
	f.Equal(1, len(f.stream(other.ID)))
	f.NoError(f.DeleteUser(f.ctx, jo)) // again: as an event may come twice
}

func closingDeleted(f fixture) {
	r := f.running()
	f.NoError(f.DeleteUser(f.ctx, jo))
	f.ErrorIs(f.extend(r.ID, here, deltas(2, 3)), core.ErrDeleted)
	f.ErrorIs(f.begin(r.ID, here, core.Beginning{Model: "stub", EstimatedPrompt: 10, SearchQuery: "secret words", LeaseUntil: now}), core.ErrDeleted)
	o := full()
	o.State, o.FailureCode, o.FailureDetails = core.Failed, "chat.model_failed", "It quoted the secret words."
	f.NoError(f.end(f.ctx, r, o))
	f.Equal(0, len(f.stream(r.ID)))
	f.Equal(0, len(storetest.Must[map[int64]core.Content](f.t)(f.Contents(f.ctx, []int64{r.ID}))))
	f.Equal(0, len(storetest.Must[[]core.Thought](f.t)(f.Thoughts(f.ctx, r.ID))))
	f.Equal(0, len(storetest.Must[[]core.Support](f.t)(f.Support(f.ctx, r.ID))))
	f.Equal(o.Usage, storetest.Must[[]core.Metered](f.t)(f.Ledger(f.ctx, r.ID)))
	f.ErrorIs(f.end(f.ctx, r, o), core.ErrNoLongerOurs)
}

func deletingAtOnce(f fixture) {
	r := f.running()
	errs := make(chan error, 2)
	go func() {
		var err error
		for at := int64(2); at < 100 && err == nil; at++ {
			err = f.extend(r.ID, here, deltas(at, 1))
		}
		if errors.Is(err, core.ErrDeleted) {
			err = nil
		}
		errs <- err
	}()
	go func() {
		errs <- f.Unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error { return f.DeleteUser(ctx, jo) })
	}()
	f.NoError(<-errs)
	f.NoError(<-errs)
	f.Equal(0, len(f.stream(r.ID)))
}

func rollback(f fixture) {
	boom := errors.New("boom")
	var thread, run int64
	f.ErrorIs(f.Unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error {
		in := f
		in.ctx = ctx
		thread = in.thread().ID
		r := storetest.Must[core.Run](in.t)(in.add(newRun(thread, withKey("k")), core.Content{Question: "What?"}))
		run = r.ID
		return boom
	}), boom)
	_, err := f.Thread(f.ctx, jo, thread)
	f.ErrorIs(err, core.ErrNotFound)
	_, err = f.Run(f.ctx, jo, run)
	f.ErrorIs(err, core.ErrNotFound)
	_, err = f.RunByKey(f.ctx, jo, "k")
	f.ErrorIs(err, core.ErrNotFound)
	f.Equal(0, len(f.stream(run)))
	f.Equal(0, len(storetest.Must[map[int64]core.Content](f.t)(f.Contents(f.ctx, []int64{run}))))
}

func rollbackOfClosing(f fixture) {
	r := f.running()
	boom := errors.New("boom")
	f.ErrorIs(f.Unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error {
		f.NoError(f.end(ctx, r, full()))
		return boom
	}), boom)
	f.Equal(r, storetest.Must[core.Run](f.t)(f.Run(f.ctx, jo, r.ID)))
	f.Equal(0, len(storetest.Must[[]core.Metered](f.t)(f.Ledger(f.ctx, r.ID))))
	f.Equal(1, len(f.stream(r.ID)))
	f.Equal(0, len(storetest.Must[[]core.Thought](f.t)(f.Thoughts(f.ctx, r.ID))))
	storetest.Must[core.Run](f.t)(f.close(r, full()))
}

func copies(f fixture) {
	t := f.thread(func(t *core.Thread) { t.QuerySource = of("teams") })
	*t.QuerySource = "changed"
	got := storetest.Must[core.Thread](f.t)(f.Thread(f.ctx, jo, t.ID))
	f.Equal("teams", *got.QuerySource)
	*got.QuerySource = "changed"
	f.Equal("teams", *storetest.Must[core.Thread](f.t)(f.Thread(f.ctx, jo, t.ID)).QuerySource)

	c := wholeContent()
	r := storetest.Must[core.Run](f.t)(f.add(newRun(t.ID, withKey("k")), c))
	c.History[0].User, c.Instructions[0] = "changed", "changed"
	*r.IdempotencyKey = "changed"
	stored := storetest.Must[map[int64]core.Content](f.t)(f.Contents(f.ctx, []int64{r.ID}))[r.ID]
	f.Equal("Who was first?", stored.History[0].User)
	f.Equal("Be brief.", stored.Instructions[0])
	f.Equal("k", *storetest.Must[core.Run](f.t)(f.Run(f.ctx, jo, r.ID)).IdempotencyKey)
}
