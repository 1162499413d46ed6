package core

import (
	"context"
	"sync"
	"time"

	"parley/platform/kernel/apperr"
)

// Places bounds what one process answers at the same time. Runs are open while
// they are answered or wait for their turn. Zero fields take the defaults.
type Places struct {
	Running, Open                         int // of all users; 1,536 and 3,072
	OrganizationRunning, OrganizationOpen int // of one organization; 1,280 and 2,560
	UserRunning, UserOpen                 int // of one user; 1,024 and 2,048
	// Working is how many runs of users this process works on at a time, those that
	// wait for a model or for their turn aside; 16 for each processor.
	Working int
	// Background is how many runs of evaluations are answered at a time, of all
	// organizations together, within Running; 32.
	Background int
	// Pace is the time between the turns of two runs of evaluations while runs of
	// users are open, so that they leave them the processor, too; 25 ms.
	Pace time.Duration
}

func (p Places) orDefaults() Places {
	for _, f := range []struct {
		of  *int
		def int
	}{
		{&p.Running, 1536}, {&p.Open, 3072}, {&p.OrganizationRunning, 1280}, {&p.OrganizationOpen, 2560},
		{&p.UserRunning, 1024}, {&p.UserOpen, 2048}, {&p.Background, 32},
	} {
		if *f.of <= 0 {
			*f.of = f.def
		}
	}
	if p.Pace <= 0 {
		p.Pace = 25 * time.Millisecond
	}
	return p
}

// The errors of who asks for more than a share. Others still get theirs.
var (
	ErrUserBusy = apperr.New(apperr.TooMany, "chat.user_busy", "You have as many unanswered questions as one user may; wait for some of the answers.").
			After(busyFor)
	ErrOrganizationBusy = apperr.New(apperr.TooMany, "chat.organization_busy", "Your organization has as many unanswered questions as one may; try again shortly.").
				After(busyFor)
)

// busyFor is when to ask again who asked too much.
const busyFor = 5 * time.Second

// places gives runs their turns. A place that gets free goes to the next
// organization that waits, and in it to the next user, each in the order in
// which they asked; so who asks much waits for themselves alone. Runs in the
// background get what nobody else waits for.
type places struct {
	limits Places

	mu         sync.Mutex
	closed     bool
	gone       chan struct{} // closed when the places are and all have left
	emptied    sync.Once
	inside     int // runs that have not left; in the background, those whose turn has come
	open       int // of users
	running    int
	background int  // of those that run
	paused     bool // no run in the background begins for a moment
	lately     *time.Timer
	recent     bool // a run of a user has left within the last moments
	users      map[int64]*usage
	tenants    map[int64]*usage
	waiting    queue
	patient    queue // in the background
}

// usage is how many runs of one user or organization there are.
type usage struct{ open, running int }

func newPlaces(limits Places) *places {
	return &places{limits: limits.orDefaults(), gone: make(chan struct{}), users: map[int64]*usage{}, tenants: map[int64]*usage{}}
}

// turn is the place of one run, or its wish for one.
type turn struct {
	places             *places
	organization, user int64
	background         bool
	// inside is whether it counts among the runs, and running whether it has a
	// place; both are guarded by places.
	inside, running bool
	come            chan struct{} // closed when the run may be answered
	// since is when it came to the gate, and refused whether that turned it away
	// when it closed come; the gate guards it.
	since   time.Time
	refused bool
}

// admit reserves room for a run of a user, and its place when one is free.
// ErrOverloaded, ErrOrganizationBusy and ErrUserBusy say that there is none.
func (p *places) admit(organization, user int64) (*turn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	mine, ours := count(p.users, user), count(p.tenants, organization)
	switch {
	case p.closed, p.open >= p.limits.Open:
		return nil, ErrOverloaded
	case mine.open >= p.limits.UserOpen:
		return nil, ErrUserBusy
	case ours.open >= p.limits.OrganizationOpen:
		return nil, ErrOrganizationBusy
	}
	t := &turn{places: p, organization: organization, user: user, inside: true, come: make(chan struct{})}
	p.inside++
	p.open++
	hold(p.users, user).open++
	hold(p.tenants, organization).open++
	p.waiting.add(t)
	p.next()
	return t, nil
}

// await waits for the turn of a run in the background. Its error is that of
// ctx, or ErrOverloaded when the process goes down.
func (p *places) await(ctx, base context.Context, organization, user int64) (*turn, error) {
	t := &turn{places: p, organization: organization, user: user, background: true, come: make(chan struct{})}
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, ErrOverloaded
	}
	p.patient.add(t)
	p.next()
	p.mu.Unlock()
	var err error
	select {
	case <-t.come:
		return t, nil
	case <-ctx.Done():
		err = context.Cause(ctx)
	case <-base.Done():
		err = ErrOverloaded
	}
	t.leave()
	return nil, err
}

// close lets no more runs in. What it answers is closed when all have left.
func (p *places) close() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.empty()
	return p.gone
}

// empty tells who closed the places when all have left. The caller holds mu.
func (p *places) empty() {
	if p.closed && p.inside == 0 {
		p.emptied.Do(func() { close(p.gone) })
	}
}

// all is how many runs have not left.
func (p *places) all() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.inside
}

// load is how many runs have a place, and how many of users wait for one.
func (p *places) load() (running, waiting int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, t := range p.waiting.tenants {
		for _, u := range t.users {
			waiting += len(u.turns)
		}
	}
	return p.running, waiting
}

// count is how many runs there are of one; it is nobody's to change.
func count(of map[int64]*usage, id int64) usage {
	if u := of[id]; u != nil {
		return *u
	}
	return usage{}
}

func hold(of map[int64]*usage, id int64) *usage {
	if of[id] == nil {
		of[id] = &usage{}
	}
	return of[id]
}

// drop forgets who has nothing here.
func drop(of map[int64]*usage, id int64) {
	if u := of[id]; u != nil && *u == (usage{}) {
		delete(of, id)
	}
}

// next gives away what is free. The caller holds mu.
func (p *places) next() {
	for p.running < p.limits.Running {
		t := p.waiting.take(p.room)
		if t == nil && p.background < p.limits.Background && !p.paused {
			t = p.patient.take(p.room)
		}
		if t == nil {
			return
		}
		t.running = true
		p.running++
		if t.background {
			p.background++
			p.inside++
			t.inside = true
			p.pause()
		}
		hold(p.users, t.user).running++
		hold(p.tenants, t.organization).running++
		close(t.come)
	}
}

// pause keeps runs in the background from beginning one after the other while
// users wait for theirs. The caller holds mu.
func (p *places) pause() {
	if p.open == 0 && !p.recent {
		return
	}
	p.paused = true
	time.AfterFunc(p.limits.Pace, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.paused = false
		p.next()
	})
}

// lull is how long nobody asks until evaluations have the process to themselves.
// Who has an answer often asks the next question at once.
const lull = time.Second

// expect takes a user who has an answer for one who may ask again. The caller
// holds mu.
func (p *places) expect() {
	p.recent = true
	if p.lately != nil {
		p.lately.Reset(lull)
		return
	}
	p.lately = time.AfterFunc(lull, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.recent = false
	})
}

// room reports whether one more run of a user may be answered. The user is 0
// for the question whether one of the organization may.
func (p *places) room(organization, user int64) bool {
	return count(p.tenants, organization).running < p.limits.OrganizationRunning && (user == 0 || count(p.users, user).running < p.limits.UserRunning)
}

// has reports whether the turn has come.
func (t *turn) has() bool {
	select {
	case <-t.come:
		return true
	default:
		return false
	}
}

// done gives the place back. The run may still have its end to store.
func (t *turn) done() {
	p := t.places
	p.mu.Lock()
	defer p.mu.Unlock()
	t.stop()
	p.next()
}

// stop is done, for who holds mu.
func (t *turn) stop() {
	p := t.places
	if !t.running {
		p.waiting.remove(t)
		p.patient.remove(t)
		return
	}
	t.running = false
	p.running--
	if t.background {
		p.background--
	}
	p.users[t.user].running--
	p.tenants[t.organization].running--
	drop(p.users, t.user)
	drop(p.tenants, t.organization)
}

// leave ends what admit and await began. It may be called again.
func (t *turn) leave() {
	p := t.places
	p.mu.Lock()
	defer p.mu.Unlock()
	t.stop()
	if t.inside {
		t.inside = false
		p.inside--
		if !t.background {
			p.expect()
			p.open--
			p.users[t.user].open--
			p.tenants[t.organization].open--
			drop(p.users, t.user)
			drop(p.tenants, t.organization)
		}
	}
	p.next()
	p.empty()
}
