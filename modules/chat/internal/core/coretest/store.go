// Package coretest is the suite that every store of chat must pass.
package coretest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"parley/modules/chat/internal/core"
	"parley/platform/kernel/id"
	"parley/platform/kernel/uow"
	"parley/platform/storetest"
)

// Subject is one store that is tested.
type Subject struct {
	core.Store
	Unit uow.Unit
	// Ledger reads the ledger rows of a run, in the order of writing.
	Ledger func(ctx context.Context, run int64) ([]core.Metered, error)
	// Expect, if it is there, gets the store ready for a batch of so many questions
	// that expects nothing to be refused. Each is written like that first.
	Expect func(ctx context.Context, questions int, at time.Time)
}

var now = storetest.Now()

// The people and the process of the suite.
const (
	jo    = int64(7)
	ann   = int64(8)
	agent = int64(3)
	here  = "process-a"
	there = "process-b"
)

type fixture struct {
	storetest.Assert
	Subject
	t   *testing.T
	ctx context.Context
}

// TestStore runs the suite; open answers a fresh, empty store.
func TestStore(t *testing.T, open func(t *testing.T) Subject) {
	cases := map[string]func(f fixture){
		"a thread comes back as it was stored":                      threadRoundTrip,
		"a thread is changed by its user alone":                     threadUpdate,
		"threads are listed by newest activity":                     threadPaging,
		"a question comes back as it was stored":                    runRoundTrip,
		"runs are listed oldest first":                              runPaging,
		"other people's runs and threads are not there":             notYours,
		"an idempotency key is used once by each user":              keys,
		"of fifty who come with one key one wins":                   keysAtOnce,
		"a question of an evaluation is stored once":                questions,
		"answered questions are found by every filter":              answered,
		"the streams of runs that ended long ago go":                pruning,
		"sources are those of a run and of what it may lean on":     sources,
		"only keys of ended, old runs are given free":               forgettingKeys,
		"events are stored by the owner of an open run alone":       fencing,
		"events are read in parts and in order":                     events,
		"a run begins with what is known of it by then":             beginning,
		"many parts are stored together and each for itself":        batches,
		"a question that comes again is stored once":                questionsAgain,
		"a question that comes again is there without its thread":   questionsAgainOfDeleted,
		"more of a stream that comes again is stored once":          streamsAgain,
		"an end that comes again is stored once":                    endsAgain,
		"a question makes its thread or marks it":                   acceptingThreads,
		"the first of two questions of one commit names its thread": naming,
		"a run is closed with all that belongs to it":               closing,
		"a run that failed ends its stream with the reason":         closingFailed,
		"of fifty who close one run one wins":                       closingAtOnce,
		"nothing is written to a run that has ended":                ended,
		"a queued run can be closed":                                closingQueued,
		"an answer is kept under its key until it is deleted":       caching,
		"history has the last completed exchanges, oldest first":    history,
		"leases are renewed by their owner alone":                   renewing,
		"runs over their lease or of other processes are found":     expired,
		"cancelling is asked for by the asker, of open runs":        cancelling,
		"deleting a user takes the texts and leaves the figures":    deleting,
		"a run whose user was deleted is closed without its text":   closingDeleted,
		"a user who is deleted while a run streams leaves no text":  deletingAtOnce,
		"a content grant comes back as it was stored":               grantRoundTrip,
		"content grants are listed newest first":                    grantPaging,
		"a live grant of the holder's lets them read":               grantReads,
		"a grant on an agent opens all threads with it":             grantOfAgent,
		"no grant opens what was deleted":                           grantOfDeleted,
		"threads are listed through a grant":                        grantedThreads,
		"grants end with their user and their holder":               forgettingGrants,
		"a failed unit leaves nothing behind":                       rollback,
		"a unit that fails after closing a run leaves it open":      rollbackOfClosing,
		"what was handed out can be changed without harm to others": copies,

		"comments come back as they were stored, oldest first":         comments,
		"a vote takes the place of the user's other one":               voting,
		"of fifty who vote at once none is lost and none counts twice": votingAtOnce,
		"a run is locked by its user alone, while it is there":         locking,
		"a deleted thread leaves the figures of its runs":              deletingThread,
		"a deleted run is gone from later histories, too":              deletingRun,
		"a question into a thread that is deleted finds it gone":       deletingAndAccepting,
		"a question finds out that its thread lost an answer":          acceptingStale,
		"a deleted run is closed without its text and keeps its key":   closingDeletedRun,
		"a unit that fails after a deletion leaves all as it was":      rollbackOfDeletion,
		"deleting a user takes their comments and votes":               deletingFeedback,
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) { test(fixture{Assert: storetest.New(t), Subject: open(t), t: t, ctx: t.Context()}) })
	}
}

func (f fixture) thread(change ...func(*core.Thread)) core.Thread {
	f.t.Helper()
	t := core.Thread{OrganizationID: 1, AgentID: agent, UserID: jo, Title: "New Chat", CreatedBy: "jo@example.com", CreatedOn: now, ModifiedOn: now}
	for _, c := range change {
		c(&t)
	}
	return storetest.Must[core.Thread](f.t)(f.AddThread(f.ctx, t))
}

// newRun is a question that waits in a thread.
func newRun(thread int64, change ...func(*core.Run)) core.Run {
	r := core.Run{
		RunID: id.New(), OrganizationID: 1, ThreadID: thread, AgentID: agent, AgentType: "QnA", ProjectID: 4, TeamID: 5, UserID: jo, State: core.Queued,
		QuerySource: "api", CreatedBy: "jo@example.com", CreatedOn: now, ModifiedOn: now, Owner: here, LeaseUntil: now.Add(time.Minute), LastSequence: 1, Cost: "0",
	}
	for _, c := range change {
		c(&r)
	}
	return r
}

func withKey(key string) func(*core.Run) {
	return func(r *core.Run) { r.IdempotencyKey, r.Fingerprint = &key, "print of "+key }
}

func by(user int64) func(*core.Run) { return func(r *core.Run) { r.UserID = user } }

func (f fixture) run(r core.Run) core.Run {
	f.t.Helper()
	return storetest.Must[core.Run](f.t)(f.add(r, core.Content{Question: "What is it?", Sources: "[]"}))
}

// newRun is a question that waits, in a thread of its own, which has its user as
// every thread has.
func (f fixture) newRun(change ...func(*core.Run)) core.Run {
	f.t.Helper()
	r := newRun(0, change...)
	r.ThreadID = f.thread(func(t *core.Thread) { t.UserID = r.UserID }).ID
	return r
}

// running is a run in a thread of its own that the process here works on.
func (f fixture) running(change ...func(*core.Run)) core.Run {
	f.t.Helper()
	r := f.run(f.newRun(change...))
	f.NoError(f.begin(r.ID, r.Owner, core.Beginning{LeaseUntil: now.Add(time.Minute)}))
	return storetest.Must[core.Run](f.t)(f.Run(f.ctx, r.UserID, r.ID))
}

func (f fixture) stream(run int64) []core.StreamEvent {
	f.t.Helper()
	return storetest.Must[[]core.StreamEvent](f.t)(f.Events(f.ctx, run, 0, 1000))
}

// deltas are n pieces of an answer, numbered from a sequence number.
func deltas(from int64, n int) []core.StreamEvent {
	out := make([]core.StreamEvent, n)
	for i := range out {
		out[i] = core.StreamEvent{Sequence: from + int64(i), Step: core.StepStream, Delta: fmt.Sprintf("piece %d ", from+int64(i))}
	}
	return out
}

// atOnce runs fn fifty times at the same time and answers the errors.
func atOnce(fn func(i int) error) []error {
	const many = 50
	errs := make(chan error, many)
	begin := make(chan struct{})
	for i := range many {
		go func() {
			<-begin
			errs <- fn(i)
		}()
	}
	close(begin)
	out := make([]error, many)
	for i := range out {
		out[i] = <-errs
	}
	return out
}

// oneWins checks that one of errs is nil and the others are want.
func (f fixture) oneWins(errs []error, want error) {
	f.t.Helper()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		f.ErrorIs(err, want)
	}
	f.Equal(1, won)
}
