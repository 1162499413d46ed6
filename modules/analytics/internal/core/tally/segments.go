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
	}
	return ofCells
}

func facetOf(q core.Question) facet {
	narrow := narrowedTo(q.Scope, q.Filter)
	by := map[core.Dimension]facet{core.ByAgent: ofPlaces, core.ByTeam: ofTeams, core.ByProject: ofPlaces, core.ByQuerySource: ofKinds, core.ByModel: ofKinds, core.ByAgentType: ofCells}[q.By]
	return narrow.and(by)
}

// The faces that have something of each facet. FaceAskers is in the order of
// threadFaces where the facet has the askers of threads.
var (
	sumsFaces   = [...]segment.Face{ofAll: segment.FaceTotal, ofKinds: segment.FaceKinds, ofTeams: segment.FaceTeams, ofPlaces: segment.FacePlaces, ofCells: segment.FaceSums}
	askerFaces  = [...]segment.Face{ofAll: segment.FaceActive, ofKinds: segment.FaceKindAskers, ofTeams: segment.FaceTeamAskers, ofPlaces: segment.FacePlaceAskers, ofCells: segment.FacePairs}
	threadFaces = [...]segment.Face{ofAll: segment.FaceAllThreads, ofKinds: segment.FaceKindThreads, ofTeams: segment.FaceTeamThreads, ofPlaces: segment.FacePlaceThreads, ofCells: segment.FaceThreads}
)

// personal are the faces with users of their own rows.
type personal struct{ pairs, spent, marks, threads, askers segment.Face }

var personalFaces = [...]personal{
	ofAll:    {segment.FaceUsers, segment.FaceUserSpent, segment.FaceUserMarks, segment.FaceKindThreads, segment.FaceKindThreadsBy},
	ofKinds:  {segment.FaceKindPairs, segment.FaceKindSpent, segment.FaceKindMarks, segment.FaceKindThreads, segment.FaceKindThreadsBy},
	ofTeams:  {segment.FaceTeamPairs, segment.FaceTeamSpent, segment.FaceTeamMarks, segment.FaceTeamThreads, segment.FaceTeamThreadsBy},
	ofPlaces: {segment.FacePairs, segment.FaceSpent, segment.FaceMarks, segment.FaceThreads, segment.FaceAskers},
	ofCells:  {segment.FacePairs, segment.FaceSpent, segment.FaceMarks, segment.FaceThreads, segment.FaceAskers},
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
			faces = append(faces, p.threads, p.askers)
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
	return []segment.Face{sumsFaces[facetOf(q)]}
}

// Segment adds the faces of a segment. Its cells must be known by See.
func (t *Tally) Segment(period int, faces map[segment.Face][]byte) error {
	t.begin(period)
	f := facetOf(t.q)
	if t.q.By == core.ByUser {
		if err := t.pairs(f, faces); err != nil || !t.q.Threads {
			return err
		}
		p := personalFaces[f]
		return t.threadsOfUsers(f, faces[p.threads], faces[p.askers])
	}
	if err := t.sums(f, faces); err != nil {
		return err
	}
	if t.q.Users {
		face := faces[askerFaces[f]]
		err := t.count(&t.asked, f, func() []int64 { return t.rows.users }, func(users func(cell int64, ids []int64)) error { return askers(f, face, t.queries, users) })
		if err != nil {
			return err
		}
	}
	if !t.q.Threads {
		return nil
	}
	face := faces[threadFaces[f]]
	return t.count(&t.threads, f, func() []int64 { return t.rows.threads }, func(threads func(cell int64, ids []int64)) error { return ids(f, face, t.queries, threads) })
}

// count counts the different ids of each key in a column. each reads the ids of
// cells, and may be called again.
func (t *Tally) count(d *distinct, f facet, column func() []int64, each func(ids func(cell int64, ids []int64)) error) error {
	if !d.single {
		d.came = append(d.came, func() {
			// What was read without an error is again.
			_ = each(func(cell int64, ids []int64) {
				t.places = d.again.some(ids, t.places)
				for _, i := range t.places {
					if slot := t.slot(t.keyIn(f, cell)); d.another(t.first, slot, ids[i]) {
						column()[slot]++
					}
				}
			})
		})
	}
	return each(func(cell int64, ids []int64) {
		slot := t.slot(t.keyIn(f, cell))
		column()[slot] += d.add(t.period, ids...)
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

func (t *Tally) sums(f facet, faces map[segment.Face][]byte) error {
	inside := func(cell int64) bool { return t.viewIn(f, cell).inside }
	return segment.EachSums(faces[sumsFaces[f]], inside, func(cell int64, s *segment.Sums) {
		if v := t.viewIn(f, cell); v.all || s.NewThreads != 0 {
			t.rows.one(t.slot(t.keyIn(f, cell)), v, s)
		}
	})
}

// pairs adds what the users of each cell add up to.
func (t *Tally) pairs(f facet, faces map[segment.Face][]byte) error {
	p := personalFaces[f]
	_, marks := needs(t.q)
	inside := func(cell int64) bool {
		v := t.viewIn(f, cell)
		return v.all || v.inside && marks // else only new threads count
	}
	return segment.EachPair(faces[p.pairs], faces[p.spent], faces[p.marks], inside, func(cell int64, r *segment.Rows) {
		v := t.viewIn(f, cell)
		if !v.all {
			for i, begun := range r.NewThreads {
				if begun != 0 {
					t.rows.one(t.slot(t.userKey(r.IDs[i])), v, &segment.Sums{NewThreads: begun})
				}
			}
			return
		}
		t.batch = t.batch[:0]
		for _, user := range r.IDs {
			t.batch = append(t.batch, int32(t.slot(t.userKey(user))))
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
func (t *Tally) threadsOfUsers(f facet, threads, askers []byte) error {
	take := t.queries
	if f == ofAll {
		take = func(int64) bool { return true } // evaluations are in none
	}
	d := &t.threads
	d.came = append(d.came, func() {
		// What was read without an error is again.
		_ = segment.EachThread(threads, askers, take, func(_ int64, r *segment.Rows) {
			if t.places = d.again.some(r.IDs, t.places); len(t.places) == 0 {
				return
			}
			users := r.Users()
			for _, i := range t.places {
				if slot := t.slot(t.userKey(users[i])); d.another(t.first, slot, r.IDs[i]) {
					t.rows.threads[slot]++
				}
			}
		})
	})
	return segment.EachThread(threads, askers, take, func(_ int64, r *segment.Rows) {
		t.places = d.fresh(t.period, r.IDs, t.places)
		users := r.Users()
		for _, i := range t.places {
			t.rows.threads[t.slot(t.userKey(users[i]))]++
		}
	})
}

// askers calls users with those who have a query in the cells of a facet that are
// taken. The face is of askerFaces.
func askers(f facet, face []byte, take func(cell int64) bool, users func(cell int64, ids []int64)) error {
	if f != ofCells {
		return ids(f, face, take, users)
	}
	return segment.EachPair(face, nil, nil, take, func(cell int64, r *segment.Rows) { users(cell, ran(r)) })
}

// ids calls each with the ids in the cells of a facet that are taken.
func ids(f facet, face []byte, take func(cell int64) bool, each func(cell int64, ids []int64)) error {
	if f == ofAll {
		return segment.EachID(face, func(ids []int64) { each(0, ids) })
	}
	return segment.EachThread(face, nil, take, func(cell int64, r *segment.Rows) { each(cell, r.IDs) })
}

// ran are the users with a run. They take the place of all.
func ran(r *segment.Rows) []int64 {
	n := 0
	for i, user := range r.IDs {
		if r.Runs[i] > 0 {
			r.IDs[n] = user
			n++
		}
	}
	return r.IDs[:n]
}

// DaySegment adds a segment to a day. The faces are DayFaces.
func (t *Tally) DaySegment(day int, faces map[segment.Face][]byte) error {
	if t.q.By == core.ByUser {
		f := narrowedTo(t.q.Scope, t.q.Filter)
		return askers(f, faces[askerFaces[f]], t.queries, func(_ int64, users []int64) { t.onDay(day, users...) })
	}
	f := facetOf(t.q)
	return segment.EachRan(faces[sumsFaces[f]], func(cell int64) {
		if v := t.viewIn(f, cell); v.all && !v.evaluates {
			t.onDay(day, int64(t.keyIn(f, cell)))
		}
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
		_, out[i] = Matches(s, &core.Fact{TeamID: c.TeamID, ProjectID: c.ProjectID, AgentID: c.AgentID, AgentType: c.AgentType, QuerySource: c.QuerySource, Model: c.Model})
	}
	return out
}

// EachUser calls users with those who have a query in a segment that is selected,
// some maybe more than once. The faces are EngagementFaces, queries are Queries.
func EachUser(s core.Selection, queries []bool, faces map[segment.Face][]byte, users func(ids []int64)) error {
	f := narrowedTo(s.Scope, s.Filter)
	return askers(f, faces[askerFaces[f]], taken(queries), func(_ int64, ids []int64) { users(ids) })
}

// PartFaces are what EachRunner reads.
func PartFaces(s core.Scope) []segment.Face {
	return []segment.Face{askerFaces[narrowedTo(s, core.Filter{})]}
}

// EachRunner calls users with those who have a run, tests of agents included, in
// the cells of a part that are taken.
func EachRunner(s core.Scope, cells []bool, faces map[segment.Face][]byte, users func(ids []int64)) error {
	f := narrowedTo(s, core.Filter{})
	return askers(f, faces[askerFaces[f]], taken(cells), func(_ int64, ids []int64) { users(ids) })
}

// IDs is a set of ids.
type IDs struct{ once once }

// Add adds ids.
func (s *IDs) Add(ids ...int64) { s.once.add(0, ids...) }

// Has reports whether an id was added.
func (s *IDs) Has(id int64) bool { return s.once.has(id) }

func taken(cells []bool) func(cell int64) bool {
	return func(cell int64) bool { return cell >= 0 && cell < int64(len(cells)) && cells[cell] }
}
