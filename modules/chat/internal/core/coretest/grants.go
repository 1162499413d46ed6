package coretest

import (
	"errors"
	"time"

	"parley/modules/chat/internal/core"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/page"
	"parley/platform/storetest"
)

// boss holds the grants of the suite.
const boss = int64(1)

// grant is one of the boss's on jo, for an hour.
func (f fixture) grant(change ...func(*core.Grant)) core.Grant {
	f.t.Helper()
	g := core.Grant{
		OrganizationID: 1, GrantedTo: boss, UserID: of(jo), Reason: "A complaint of the client's, “no. 7”", ExpiresOn: now.Add(time.Hour), Audit: audit.New("boss@example.com", now),
	}
	for _, c := range change {
		c(&g)
	}
	return storetest.Must[core.Grant](f.t)(f.AddGrant(f.ctx, g))
}

func onAgent(id int64) func(*core.Grant) {
	return func(g *core.Grant) { g.UserID, g.AgentID = nil, &id }
}

func endedNow(g *core.Grant) { at := now; g.EndedOn = &at }

func grantRoundTrip(f fixture) {
	a, b := f.grant(), f.grant(onAgent(agent), endedNow)
	f.Equal(a, storetest.Must[core.Grant](f.t)(f.Grant(f.ctx, 1, a.ID)))
	f.Equal(b, storetest.Must[core.Grant](f.t)(f.Grant(f.ctx, 1, b.ID)))
	for _, at := range [][2]int64{{2, a.ID}, {1, 99999}} {
		_, err := f.Grant(f.ctx, at[0], at[1])
		f.ErrorIs(err, core.ErrGrantNotFound)
		_, err = f.UpdateGrant(f.ctx, at[0], at[1], func(*core.Grant) error { f.t.Error("called"); return nil })
		f.ErrorIs(err, core.ErrGrantNotFound)
	}
	refused := errors.New("refused")
	_, err := f.UpdateGrant(f.ctx, 1, a.ID, func(g *core.Grant) error { endedNow(g); return refused })
	f.ErrorIs(err, refused)
	f.Equal(a, storetest.Must[core.Grant](f.t)(f.Grant(f.ctx, 1, a.ID)))
	changed := storetest.Must[core.Grant](f.t)(f.UpdateGrant(f.ctx, 1, a.ID, func(g *core.Grant) error { endedNow(g); return nil }))
	endedNow(&a)
	f.Equal(a, changed)
}

func grantPaging(f fixture) {
	a, b, c := f.grant(), f.grant(onAgent(agent)), f.grant(endedNow)
	d := f.grant(func(g *core.Grant) { g.ExpiresOn = now })
	f.grant(func(g *core.Grant) { g.OrganizationID = 2 })
	list := func(filter core.GrantFilter, p page.Request) page.Of[core.Grant] {
		f.t.Helper()
		filter.Now = now
		return storetest.Must[page.Of[core.Grant]](f.t)(f.GrantsPage(f.ctx, 1, filter, p))
	}
	all := list(core.GrantFilter{}, page.Request{})
	f.Equal([]core.Grant{d, c, b, a}, all.Items)
	f.Equal(int64(4), all.Count)
	f.Equal([]core.Grant{d, c, a}, list(core.GrantFilter{UserID: jo}, page.Request{}).Items)
	f.Equal([]core.Grant{b}, list(core.GrantFilter{AgentID: agent}, page.Request{}).Items)
	f.Equal([]core.Grant{b, a}, list(core.GrantFilter{IsLive: of(true)}, page.Request{}).Items)
	f.Equal([]core.Grant{d, c}, list(core.GrantFilter{IsLive: of(false)}, page.Request{}).Items)
	f.Equal([]core.Grant{b, a}, list(core.GrantFilter{}, page.Request{Number: 2, Size: 2}).Items)
	first := list(core.GrantFilter{}, page.Request{Size: 3, ByCursor: true})
	f.Equal([]core.Grant{a}, list(core.GrantFilter{}, page.Request{Size: 3, Cursor: first.NextCursor}).Items)
}

// reads checks what the boss may read at a moment, and through which grant; 0
// is nothing.
func (f fixture) reads(at time.Time, run core.Run, want int64) {
	f.t.Helper()
	h := core.Holder{OrganizationID: 1, UserID: boss, Now: at}
	r, byRun, err := f.GrantedRun(f.ctx, h, run.ID)
	t, byThread, threadErr := f.GrantedThread(f.ctx, h, run.ThreadID)
	f.Equal([]int64{want, want}, []int64{byRun, byThread})
	if want == 0 {
		f.ErrorIs(err, core.ErrNotFound)
		f.ErrorIs(threadErr, core.ErrNotFound)
		f.Equal(core.Run{}, r)
		f.Equal(core.Thread{}, t)
		return
	}
	f.NoError(err)
	f.NoError(threadErr)
	f.Equal(storetest.Must[core.Run](f.t)(f.Run(f.ctx, run.UserID, run.ID)), r)
	f.Equal(storetest.Must[core.Thread](f.t)(f.Thread(f.ctx, run.UserID, run.ThreadID)), t)
}

func grantReads(f fixture) {
	r := f.running(withKey("k"))
	f.reads(now, r, 0)
	for _, of := range []func(*core.Grant){
		endedNow,
		func(g *core.Grant) { g.ExpiresOn = now },
		func(g *core.Grant) { g.GrantedTo = ann },
		func(g *core.Grant) { g.OrganizationID = 2 },
		func(g *core.Grant) { g.UserID = &[]int64{ann}[0] },
		onAgent(99),
	} {
		f.grant(of)
	}
	f.reads(now, r, 0)
	first := f.grant()
	f.grant(onAgent(agent))
	f.reads(now, r, first.ID)
	f.reads(first.ExpiresOn.Add(-time.Microsecond), r, first.ID)
	f.reads(first.ExpiresOn, r, 0)
	_, _, err := f.GrantedRun(f.ctx, core.Holder{OrganizationID: 2, UserID: boss, Now: now}, r.ID)
	f.ErrorIs(err, core.ErrNotFound)
	_, _, err = f.GrantedThread(f.ctx, core.Holder{OrganizationID: 2, UserID: boss, Now: now}, r.ThreadID)
	f.ErrorIs(err, core.ErrNotFound)
	_, _, err = f.GrantedRun(f.ctx, core.Holder{OrganizationID: 1, UserID: boss, Now: now}, 99999)
	f.ErrorIs(err, core.ErrNotFound)
}

func grantOfAgent(f fixture) {
	r := f.running()
	g := f.grant(onAgent(agent))
	f.reads(now, r, g.ID)
	storetest.Must[core.Grant](f.t)(f.UpdateGrant(f.ctx, 1, g.ID, func(g *core.Grant) error { endedNow(g); return nil }))
	f.reads(now, r, 0)
}

func grantOfDeleted(f fixture) {
	f.grant(onAgent(agent))
	r := f.running()
	storetest.Must[core.Thread](f.t)(f.UpdateThread(f.ctx, jo, r.ThreadID, func(t *core.Thread) error { t.IsDeleted = true; return nil }))
	f.reads(now, r, 0)
	gone := f.running()
	f.NoError(f.DeleteUser(f.ctx, jo))
	f.reads(now, gone, 0)
}

func grantedThreads(f fixture) {
	at := func(minutes int, change ...func(*core.Thread)) core.Thread {
		return f.thread(append(change, func(t *core.Thread) { t.ModifiedOn = now.Add(time.Duration(minutes) * time.Minute) })...)
	}
	byAnn := func(t *core.Thread) { t.UserID = ann }
	a, b, c := at(2), at(3, byAnn), at(1, func(t *core.Thread) { t.QuerySource = of("teams") })
	f.thread(func(t *core.Thread) { t.AgentID = 99 })
	f.thread(func(t *core.Thread) { t.IsDeleted = true })
	f.thread(func(t *core.Thread) { t.OrganizationID = 2 })
	list := func(g core.Grant, without []int64, source string, p page.Request) page.Of[core.Thread] {
		f.t.Helper()
		return storetest.Must[page.Of[core.Thread]](f.t)(f.GrantedThreadsPage(f.ctx, g, agent, without, source, p))
	}
	onJo, onIt, other := f.grant(), f.grant(onAgent(agent)), f.grant(onAgent(99))
	f.Equal([]core.Thread{a, c}, list(onJo, nil, "", page.Request{}).Items)
	f.Equal([]core.Thread{b, a, c}, list(onIt, nil, "", page.Request{}).Items)
	f.Equal([]core.Thread{b}, list(onIt, []int64{jo, 99}, "", page.Request{}).Items)
	f.Equal([]core.Thread{}, list(onJo, []int64{jo}, "", page.Request{}).Items)
	f.Equal([]core.Thread{}, list(other, nil, "", page.Request{}).Items)
	f.Equal([]core.Thread{b, a}, list(onIt, nil, "api", page.Request{}).Items)
	second := list(onIt, nil, "", page.Request{Number: 2, Size: 2})
	f.Equal([]core.Thread{c}, second.Items)
	f.Equal(int64(3), second.Count)
}

func forgettingGrants(f fixture) {
	onJo, onAnn := f.grant(), f.grant(func(g *core.Grant) { g.UserID = of(ann) })
	expired := f.grant(onAgent(agent), func(g *core.Grant) { g.ExpiresOn = now })
	ended := f.grant(onAgent(agent), endedNow)
	later := now.Add(time.Minute)
	f.NoError(f.ForgetGrants(f.ctx, jo, later))
	_, err := f.Grant(f.ctx, 1, onJo.ID)
	f.ErrorIs(err, core.ErrGrantNotFound)
	f.NoError(f.ForgetGrants(f.ctx, boss, later))
	f.NoError(f.ForgetGrants(f.ctx, boss, later.Add(time.Minute))) // again: as an event may come twice
	onAnn.EndedOn = &later
	for _, want := range []core.Grant{onAnn, expired, ended} {
		f.Equal(want, storetest.Must[core.Grant](f.t)(f.Grant(f.ctx, 1, want.ID)))
	}
}
