package tally

import (
	"parley/modules/analytics/internal/core"
	"parley/modules/analytics/internal/core/segment"
)

// facet is a form in which segments are stored, with cells that are as fine as a
// question needs them.
type facet int

const (
	ofAll    facet = iota // told by no field of cells
	ofKinds               // by source and model
	ofTeams               // by team
	ofPlaces              // by team, project and agent
	ofMixed               // by team, source and model
	ofCells               // by any
)

func narrowedTo(s core.Scope, f core.Filter) facet {
	out := ofAll
	if !s.All || f.TeamID != 0 {
		out = ofTeams
	}
	if !s.All && len(s.Projects)+len(s.Agents) > 0 || f.ProjectID != 0 || f.AgentID != 0 {
		out = ofPlaces
	}
	if f.QuerySource != "" || f.Model != "" {
		out = out.and(ofKinds)
	}
	return out
}

// and is the facet that has what both have.
func (f facet) and(o facet) facet {
	switch {
	case f == o, o == ofAll:
		return f
	case f == ofAll:
		return o
	case f == ofTeams && o == ofPlaces, f == ofPlaces && o == ofTeams:
		return ofPlaces
	case f != ofPlaces && f != ofCells && o != ofPlaces && o != ofCells:
		return ofMixed
	}
	return ofCells
}

func facetOf(q core.Question) facet {
	narrow := narrowedTo(q.Scope, q.Filter)
	by := map[core.Dimension]facet{
		core.ByAgent:       ofPlaces,
		core.ByTeam:        ofTeams,
		core.ByProject:     ofPlaces,
		core.ByQuerySource: ofKinds,
		core.ByModel:       ofKinds,
		core.ByAgentType:   ofCells,
	}[q.By]
	return narrow.and(by)
}

// The faces that have something of each facet: sums, cells with a run, and as
// segment.IDs users with a run and threads. What has both teams and kinds is made of
// the finest cells.
var (
	sumsFaces = [...]segment.Face{
		ofAll: segment.FaceTotal, ofKinds: segment.FaceKinds, ofTeams: segment.FaceTeams, ofPlaces: segment.FacePlaces,
		ofMixed: segment.FaceSums.Mixed(), ofCells: segment.FaceSums,
	}
	cellFaces = [...]segment.Face{
		ofAll: segment.FaceTotal.AsIDs(), ofKinds: segment.FaceKinds.AsIDs(), ofTeams: segment.FaceTeams.AsIDs(), ofPlaces: segment.FacePlaces.AsIDs(),
		ofMixed: segment.FaceSums.AsIDs(), ofCells: segment.FaceSums.AsIDs(),
	}
	askerFaces = [...]segment.Face{
		ofAll:    segment.FaceActive.AsIDs(),
		ofKinds:  segment.FaceKindAskers.AsIDs(),
		ofTeams:  segment.FaceTeamAskers.AsIDs(),
		ofPlaces: segment.FacePlaceAskers.AsIDs(),
		ofMixed:  segment.FacePairs.AsMixedIDs(),
		ofCells:  segment.FacePairs.AsIDs(),
	}
	threadFaces = [...]segment.Face{
		ofAll:    segment.FaceAllThreads.AsIDs(),
		ofKinds:  segment.FaceKindThreads.AsIDs(),
		ofTeams:  segment.FaceTeamThreads.AsIDs(),
		ofPlaces: segment.FacePlaceThreads.AsIDs(),
		ofMixed:  segment.FaceThreads.AsMixedIDs(),
		ofCells:  segment.FaceThreads.AsIDs(),
	}
)

// personal are the faces with users of their own rows, threads as segment.Asked.
type personal struct{ pairs, spent, marks, threads segment.Face }

var personalFaces = [...]personal{
	ofAll:    {segment.FaceUsers, segment.FaceUserSpent, segment.FaceUserMarks, segment.FaceKindThreads.AsAskedByAll()},
	ofKinds:  {segment.FaceKindPairs, segment.FaceKindSpent, segment.FaceKindMarks, segment.FaceKindThreads.AsAsked()},
	ofTeams:  {segment.FaceTeamPairs, segment.FaceTeamSpent, segment.FaceTeamMarks, segment.FaceTeamThreads.AsAsked()},
	ofPlaces: {segment.FacePairs, segment.FaceSpent, segment.FaceMarks, segment.FaceThreads.AsAsked()},
	ofMixed:  {segment.FacePairs, segment.FaceSpent, segment.FaceMarks, segment.FaceThreads.AsAsked()},
	ofCells:  {segment.FacePairs, segment.FaceSpent, segment.FaceMarks, segment.FaceThreads.AsAsked()},
}

// needs reports whether the sums of users must be read, and their marks: what
// new threads there are is also told by marks.
func needs(q core.Question) (spent, marks bool) {
	return q.Without != core.Spent, q.Without != core.Marks
}

// Faces are what a question reads of each segment of a period.
func Faces(q core.Question) []segment.Face {
	f := facetOf(q)
	if q.By == core.ByUser {
		p := personalFaces[f]
		faces := []segment.Face{p.pairs}
		spent, marks := needs(q)
		if spent {
			faces = append(faces, p.spent)
		}
		if marks {
			faces = append(faces, p.marks)
		}
		if q.Threads {
			faces = append(faces, p.threads)
		}
		return faces
	}
	faces := []segment.Face{sumsFaces[f]}
	if q.Users {
		faces = append(faces, askerFaces[f])
	}
	if q.Threads {
		faces = append(faces, threadFaces[f])
	}
	return faces
}

// DayFaces are what it reads of each segment of a day.
func DayFaces(q core.Question) []segment.Face {
	if q.By == core.ByUser {
		return []segment.Face{askerFaces[narrowedTo(q.Scope, q.Filter)]}
	}
	return []segment.Face{cellFaces[facetOf(q)]}
}

// Segment adds the faces of a segment. Its cells must be known by See.
func (t *Tally) Segment(period int, faces segment.Loaded) error {
	t.begin(period)
	f := facetOf(t.q)
	if t.q.By == core.ByUser {
		if err := t.pairs(f, faces); err != nil || !t.q.Threads {
			return err
		}
		t.threadsOfUsers(f, faces.Asked(personalFaces[f].threads))
		return nil
	}
	if err := t.sums(f, faces); err != nil {
		return err
	}
	if t.q.Users {
		t.count(&t.asked, f, faces.IDs(askerFaces[f]), func() []int64 { return t.rows.users })
	}
	if t.q.Threads {
		t.count(&t.threads, f, faces.IDs(threadFaces[f]), func() []int64 { return t.rows.threads })
	}
	return nil
}

// count counts the different ids of each key in a column.
func (t *Tally) count(d *distinct, f facet, ids *segment.IDs, column func() []int64) {
	take := t.queriesIn(f)
	ids.Each(take, func(cell int64, pages []segment.Page) {
		slot := t.slot(t.keyIn(f, cell))
		column()[slot] += d.unite(t.period, pages, nil)
	}, func(cell int64, ids []int64) {
		slot := t.slot(t.keyIn(f, cell))
		column()[slot] += d.add(t.period, ids...)
	})
	if d.single {
		return
	}
	d.came = append(d.came, func() {
		again := func(cell, id int64) {
			if slot := t.slot(t.keyIn(f, cell)); d.another(t.first, slot, id) {
				column()[slot]++
			}
		}
		ids.Each(take, func(cell int64, pages []segment.Page) {
			d.cameAgain(pages, func(p *segment.Page, bit int) { again(cell, p.ID(bit)) })
		}, func(cell int64, ids []int64) {
			d.again.some(ids, func(i int) { again(cell, ids[i]) })
		})
	})
}

// keyIn is the key of a cell of a facet.
func (t *Tally) keyIn(f facet, cell int64) int32 {
	if f == ofAll {
		return t.keyOf(core.Key{}) // the one key that there is
	}
	return t.view(cell).key
}

// viewIn is what is seen of a cell of a facet.
func (t *Tally) viewIn(f facet, cell int64) view {
	if f == ofAll {
		return view{inside: true, all: true, evaluates: cell == 1}
	}
	return t.view(cell)
}

// queries reports whether the runs of a cell are queries that count.
func (t *Tally) queries(cell int64) bool {
	v := t.view(cell)
	return v.all && !v.evaluates
}

func (t *Tally) sums(f facet, faces segment.Loaded) error {
	inside := func(cell int64) bool { return t.viewIn(f, cell).inside }
	return segment.EachSums(faces.Bytes(sumsFaces[f]), inside, func(cell int64, s *segment.Sums) {
		if v := t.viewIn(f, cell); v.all || s.NewThreads != 0 {
			t.rows.one(t.slot(t.keyIn(f, cell)), v, s)
		}
	})
}

// pairs adds what the users of each cell add up to.
func (t *Tally) pairs(f facet, faces segment.Loaded) error {
	p, rowOf := personalFaces[f], userSlots{t: t}
	_, marks := needs(t.q)
	inside := func(cell int64) bool {
		v := t.viewIn(f, cell)
		return v.all || v.inside && marks // else only new threads count
	}
	return segment.EachPair(faces.Bytes(p.pairs), faces.Bytes(p.spent), faces.Bytes(p.marks), inside, func(cell int64, r *segment.Rows) {
		v := t.viewIn(f, cell)
		if !v.all {
			for i, begun := range r.NewThreads {
				if begun != 0 {
					t.rows.one(rowOf.of(r.IDs[i]), v, &segment.Sums{NewThreads: begun})
				}
			}
			return
		}
		t.batch = t.batch[:0]
		for _, user := range r.IDs {
			t.batch = append(t.batch, int32(rowOf.of(user)))
		}
		t.rows.many(t.batch, v, r)
		if t.q.Users && !v.evaluates {
			for i, slot := range t.batch {
				if r.Runs[i] > 0 {
					t.rows.users[slot] = 1 // of a user there is one
				}
			}
		}
	})
}

// threadsOfUsers counts threads by their askers.
func (t *Tally) threadsOfUsers(f facet, asked *segment.Asked) {
	take, d := t.queriesIn(f), &t.threads
	rowOf := userSlots{t: t}
	asked.Each(take, func(c *segment.AskedCell) {
		for i, who := range c.Who {
			t.rows.threads[rowOf.of(who)] += int64(c.Count[i])
		}
		d.unite(t.period, c.Pages, func(p *segment.Page, bit int) { t.rows.threads[rowOf.of(c.Asker(p, bit))]-- })
	}, func(_ int64, r *segment.Rows) {
		users := r.Users()
		d.fresh(t.period, r.IDs, func(i int) { t.rows.threads[rowOf.of(users[i])]++ })
	})
	again := func(thread, user int64) {
		if at := rowOf.of(user); d.another(t.first, at, thread) {
			t.rows.threads[at]++
		}
	}
	d.came = append(d.came, func() {
		asked.Each(take, func(c *segment.AskedCell) {
			d.cameAgain(c.Pages, func(p *segment.Page, bit int) { again(p.ID(bit), c.Asker(p, bit)) })
		}, func(_ int64, r *segment.Rows) {
			d.again.some(r.IDs, func(i int) { again(r.IDs[i], r.Users()[i]) })
		})
	})
}

// queriesIn reports whether the runs of a cell of a facet are queries that count,
// where a face has nothing but queries.
func (t *Tally) queriesIn(f facet) func(cell int64) bool {
	if f == ofAll {
		return every
	}
	return t.queries
}

func every(int64) bool { return true }

// DaySegment adds a segment to a day. The faces are DayFaces.
func (t *Tally) DaySegment(day int, faces segment.Loaded) {
	if t.q.By == core.ByUser {
		f := narrowedTo(t.q.Scope, t.q.Filter)
		faces.IDs(askerFaces[f]).Each(t.queriesIn(f), func(_ int64, pages []segment.Page) {
			t.beginDay(day)
			t.day.unite(day, pages)
		}, func(_ int64, users []int64) { t.onDay(day, users...) })
		return
	}
	faces.IDs(cellFaces[facetOf(t.q)]).Each(every, func(_ int64, pages []segment.Page) {
		t.beginDay(day)
		t.cells.unite(day, pages)
	}, func(_ int64, cells []int64) {
		t.beginDay(day)
		t.cells.add(day, cells...)
	})
}

// EngagementFaces are what an engagement question reads.
func EngagementFaces(q core.EngagementQuestion) []segment.Face {
	return []segment.Face{askerFaces[narrowedTo(q.Scope, q.Filter)]}
}

// Queries are the cells whose queries are selected, by number.
func Queries(s core.Selection, cells []segment.Cell) []bool {
	out := Cells(s, cells)
	for i, c := range cells {
		out[i] = out[i] && !c.Evaluates()
	}
	return out
}

// Cells are the cells that are selected, by number.
func Cells(s core.Selection, cells []segment.Cell) []bool {
	out := make([]bool, len(cells))
	for i, c := range cells {
		_, out[i] = Matches(
			s,
			&core.Fact{TeamID: c.TeamID, ProjectID: c.ProjectID, AgentID: c.AgentID, AgentType: c.AgentType, QuerySource: c.QuerySource, Model: c.Model},
		)
	}
	return out
}

// EachUser calls pages or users with those who have a query in a segment that is
// selected, some maybe more than once. The faces are EngagementFaces, queries are
// Queries.
func EachUser(s core.Selection, queries []bool, faces segment.Loaded, pages func([]segment.Page), users func(...int64)) {
	eachIn(narrowedTo(s.Scope, s.Filter), queries, faces, pages, users)
}

func eachIn(f facet, cells []bool, faces segment.Loaded, pages func([]segment.Page), users func(...int64)) {
	take := taken(cells)
	if f == ofAll {
		take = every
	}
	faces.IDs(askerFaces[f]).Each(take, func(_ int64, p []segment.Page) { pages(p) }, func(_ int64, ids []int64) { users(ids...) })
}

// PartFaces are what EachRunner reads.
func PartFaces(s core.Scope) []segment.Face {
	return []segment.Face{askerFaces[narrowedTo(s, core.Filter{})]}
}

// EachRunner calls pages or users with those who have a run, tests of agents included, in
// the cells of a part that are taken.
func EachRunner(s core.Scope, cells []bool, faces segment.Loaded, pages func([]segment.Page), users func(...int64)) {
	eachIn(narrowedTo(s, core.Filter{}), cells, faces, pages, users)
}

// IDs is a set of ids.
type IDs struct{ once once }

// Add adds ids.
func (s *IDs) Add(ids ...int64) { s.once.add(0, ids...) }

// Unite adds the ids of pages.
func (s *IDs) Unite(pages []segment.Page) { s.once.unite(0, pages) }

// Has reports whether an id was added.
func (s *IDs) Has(id int64) bool { return s.once.has(id) }

func taken(cells []bool) func(cell int64) bool {
	return func(cell int64) bool { return cell >= 0 && cell < int64(len(cells)) && cells[cell] }
}
