package coretest

import (
	"context"
	"errors"
	"time"

	"parley/modules/chat/internal/core"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
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
	f.same(want, must[core.Thread](f)(f.Thread(f.ctx, jo, want.ID)))
	bare := f.thread()
	f.same(bare, must[core.Thread](f)(f.Thread(f.ctx, jo, bare.ID)))
}

func threadUpdate(f fixture) {
	t := f.thread()
	rename := func(t *core.Thread) error { t.Title, t.ModifiedOn = "Renamed", now.Add(time.Hour); return nil }
	_, err := f.UpdateThread(f.ctx, ann, t.ID, rename)
	f.is(err, core.ErrNotFound)
	changed := must[core.Thread](f)(f.UpdateThread(f.ctx, jo, t.ID, rename))
	t.Title, t.ModifiedOn = "Renamed", now.Add(time.Hour)
	f.same(t, changed)
	refused := errors.New("refused")
	_, err = f.UpdateThread(f.ctx, jo, t.ID, func(t *core.Thread) error { t.Title = "Never"; return refused })
	f.is(err, refused)
	f.same(t, must[core.Thread](f)(f.Thread(f.ctx, jo, t.ID)))
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
		return must[page.Of[core.Thread]](f)(f.ThreadsPage(f.ctx, jo, agent, source, p))
	}
	all := list("", page.Request{})
	f.same([]core.Thread{d, b, a, c}, all.Items)
	f.same(int64(4), all.Count)
	f.same([]core.Thread{d, b, a}, list("teams", page.Request{}).Items)
	second := list("", page.Request{Number: 2, Size: 3})
	f.same([]core.Thread{c}, second.Items)
	var walked []core.Thread
	for p := (page.Request{Size: 1, ByCursor: true}); ; {
		part := list("", p)
		walked = append(walked, part.Items...)
		f.same(int64(-1), part.Count)
		if p.Cursor = part.NextCursor; p.Cursor == "" {
			break
		}
	}
	f.same([]core.Thread{d, b, a, c}, walked)
	_, err := f.ThreadsPage(f.ctx, jo, agent, "", page.Request{Cursor: "nonsense"})
	f.is(err, page.ErrCursor)
}

func notYours(f fixture) {
	r := f.running()
	deleted := f.thread(func(t *core.Thread) { t.IsDeleted = true })
	for _, id := range []int64{deleted.ID, 99999} {
		_, err := f.Thread(f.ctx, jo, id)
		f.is(err, core.ErrNotFound)
	}
	_, err := f.Thread(f.ctx, ann, r.ThreadID)
	f.is(err, core.ErrNotFound)
	_, err = f.Run(f.ctx, ann, r.ID)
	f.is(err, core.ErrNotFound)
	_, err = f.Run(f.ctx, jo, 99999)
	f.is(err, core.ErrNotFound)
	_, err = f.RequestCancel(f.ctx, ann, r.ID)
	f.is(err, core.ErrNotFound)
	f.same(r, must[core.Run](f)(f.Run(f.ctx, jo, r.ID)))
}

func deleting(f fixture) {
	r := f.running(withKey("k"))
	f.ok(f.extend(r.ID, here, deltas(2, 1)))
	must[core.Run](f)(f.close(r, full()))
	open := f.running()
	other := f.running(by(ann))
	f.ok(f.Unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error { return f.DeleteUser(ctx, jo) }))

	for _, id := range []int64{r.ID, open.ID} {
		_, err := f.Run(f.ctx, jo, id)
		f.is(err, core.ErrNotFound)
		f.same(0, len(f.stream(id)))
	}
	_, err := f.Thread(f.ctx, jo, r.ThreadID)
	f.is(err, core.ErrNotFound)
	_, err = f.RunByKey(f.ctx, jo, "k")
	f.is(err, core.ErrNotFound)
	f.same(0, len(must[map[int64]core.Content](f)(f.Contents(f.ctx, []int64{r.ID, open.ID}))))
	f.same(0, len(must[[]core.Thought](f)(f.Thoughts(f.ctx, r.ID))))
	f.same(0, len(must[[]core.Support](f)(f.Support(f.ctx, r.ID))))
	f.same(0, len(must[page.Of[core.Run]](f)(f.RunsPage(f.ctx, r.ThreadID, page.Request{})).Items))
	f.same(full().Usage, must[[]core.Metered](f)(f.Ledger(f.ctx, r.ID)))
	f.same(other, must[core.Run](f)(f.Run(f.ctx, ann, other.ID)))
	f.same(1, len(f.stream(other.ID)))
	f.ok(f.DeleteUser(f.ctx, jo)) // again: as an event may come twice
}

func closingDeleted(f fixture) {
	r := f.running()
	f.ok(f.DeleteUser(f.ctx, jo))
	f.ok(f.extend(r.ID, here, deltas(2, 3)))
	f.ok(f.begin(r.ID, here, core.Beginning{Model: "stub", EstimatedPrompt: 10, SearchQuery: "secret words", LeaseUntil: now}))
	o := full()
	o.State, o.FailureCode, o.FailureDetails = core.Failed, "chat.model_failed", "It quoted the secret words."
	f.ok(f.end(f.ctx, r, o))
	f.same(0, len(f.stream(r.ID)))
	f.same(0, len(must[map[int64]core.Content](f)(f.Contents(f.ctx, []int64{r.ID}))))
	f.same(0, len(must[[]core.Thought](f)(f.Thoughts(f.ctx, r.ID))))
	f.same(0, len(must[[]core.Support](f)(f.Support(f.ctx, r.ID))))
	f.same(o.Usage, must[[]core.Metered](f)(f.Ledger(f.ctx, r.ID)))
	f.is(f.end(f.ctx, r, o), core.ErrNoLongerOurs)
}

func deletingAtOnce(f fixture) {
	r := f.running()
	errs := make(chan error, 2)
	go func() {
		var err error
		for at := int64(2); at < 100 && err == nil; at++ {
			err = f.extend(r.ID, here, deltas(at, 1))
		}
		errs <- err
	}()
	go func() {
		errs <- f.Unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error { return f.DeleteUser(ctx, jo) })
	}()
	f.ok(<-errs)
	f.ok(<-errs)
	f.same(0, len(f.stream(r.ID)))
}

func rollback(f fixture) {
	boom := errors.New("boom")
	var thread, run int64
	f.is(f.Unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error {
		in := f
		in.ctx = ctx
		thread = in.thread().ID
		r := must[core.Run](in)(in.add(newRun(thread, withKey("k")), core.Content{Question: "What?"}))
		run = r.ID
		return boom
	}), boom)
	_, err := f.Thread(f.ctx, jo, thread)
	f.is(err, core.ErrNotFound)
	_, err = f.Run(f.ctx, jo, run)
	f.is(err, core.ErrNotFound)
	_, err = f.RunByKey(f.ctx, jo, "k")
	f.is(err, core.ErrNotFound)
	f.same(0, len(f.stream(run)))
	f.same(0, len(must[map[int64]core.Content](f)(f.Contents(f.ctx, []int64{run}))))
}

func rollbackOfClosing(f fixture) {
	r := f.running()
	boom := errors.New("boom")
	f.is(f.Unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error {
		f.ok(f.end(ctx, r, full()))
		return boom
	}), boom)
	f.same(r, must[core.Run](f)(f.Run(f.ctx, jo, r.ID)))
	f.same(0, len(must[[]core.Metered](f)(f.Ledger(f.ctx, r.ID))))
	f.same(1, len(f.stream(r.ID)))
	f.same(0, len(must[[]core.Thought](f)(f.Thoughts(f.ctx, r.ID))))
	must[core.Run](f)(f.close(r, full()))
}

func copies(f fixture) {
	t := f.thread(func(t *core.Thread) { t.QuerySource = of("teams") })
	*t.QuerySource = "changed"
	got := must[core.Thread](f)(f.Thread(f.ctx, jo, t.ID))
	f.same("teams", *got.QuerySource)
	*got.QuerySource = "changed"
	f.same("teams", *must[core.Thread](f)(f.Thread(f.ctx, jo, t.ID)).QuerySource)

	c := wholeContent()
	r := must[core.Run](f)(f.add(newRun(t.ID, withKey("k")), c))
	c.History[0].User, c.Instructions[0] = "changed", "changed"
	*r.IdempotencyKey = "changed"
	stored := must[map[int64]core.Content](f)(f.Contents(f.ctx, []int64{r.ID}))[r.ID]
	f.same("Who was first?", stored.History[0].User)
	f.same("Be brief.", stored.Instructions[0])
	f.same("k", *must[core.Run](f)(f.Run(f.ctx, jo, r.ID)).IdempotencyKey)
}
