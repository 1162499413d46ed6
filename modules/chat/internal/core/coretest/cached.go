package coretest

import (
	"time"

	"parley/modules/chat/internal/core"
	"parley/platform/storetest"
)

// caching asks for answers by their keys.
func caching(f fixture) {
	answered := func(thread int64, key, answer string, change ...func(*core.Run)) {
		f.t.Helper()
		r := f.run(newRun(thread, change...))
		o := full()
		o.CacheKey, o.Answer = key, answer
		f.NoError(f.end(f.ctx, r, o))
	}
	before := now.Add(-time.Hour)
	kept := func(org int64, key string, after time.Time) string {
		f.t.Helper()
		k, err := f.CachedAnswer(f.ctx, org, key, after)
		if err != nil {
			f.ErrorIs(err, core.ErrNotFound)
			return ""
		}
		return k.Answer
	}
	thread := f.thread().ID
	f.Equal("", kept(1, "a", before))
	answered(thread, "a", "first")
	o := full()
	f.Equal(core.CachedAnswer{AskedOn: now, Model: o.Model, Answer: "first", Sources: o.Sources, References: o.References, FollowUps: o.FollowUps},
		storetest.Must[core.CachedAnswer](f.t)(f.CachedAnswer(f.ctx, 1, "a", before)))
	answered(thread, "a", "second", func(r *core.Run) { r.CreatedOn = now.Add(time.Minute) })
	answered(thread, "b", "other")
	answered(thread, "", "none")
	f.running() // open
	f.Equal([]string{"second", "other", "", "", ""}, []string{kept(1, "a", before), kept(1, "b", before), kept(1, "", before), kept(1, "c", before), kept(2, "a", before)})
	f.Equal([]string{"second", "", "", ""}, []string{kept(1, "a", now), kept(1, "b", now), kept(1, "a", now.Add(time.Minute)), kept(1, "b", now.Add(time.Hour))})

	// What is deleted is not kept: a thread, an answer, a user.
	gone := f.thread()
	answered(gone.ID, "c", "third")
	f.Equal("third", kept(1, "c", before))
	_, err := f.UpdateThread(f.ctx, jo, gone.ID, func(t *core.Thread) error { t.IsDeleted = true; return nil })
	f.NoError(err)
	f.Equal("", kept(1, "c", before))
	answered(thread, "d", "fourth", func(r *core.Run) { r.IsDeleted = true })
	f.Equal("", kept(1, "d", before))
	answered(f.thread(func(t *core.Thread) { t.UserID = ann }).ID, "a", "ann's", by(ann), func(r *core.Run) { r.CreatedOn = now.Add(time.Hour) })
	f.Equal("ann's", kept(1, "a", before))
	f.NoError(f.DeleteUser(f.ctx, ann))
	f.Equal("second", kept(1, "a", before))
	f.NoError(f.DeleteUser(f.ctx, jo))
	f.Equal([]string{"", ""}, []string{kept(1, "a", before), kept(1, "b", before)})
}
