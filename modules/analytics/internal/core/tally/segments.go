package tally

import (
	"parley/modules/analytics/internal/core"
	"parley/modules/analytics/internal/core/segment"
)

// Narrowed reports whether a question selects less than the organization.
func Narrowed(s core.Scope, f core.Filter) bool { return !s.All || f != core.Filter{} }

// Faces are what a question reads of each segment of a period.
func Faces(q core.Question) []segment.Face {
	faces := []segment.Face{sumsFace(q)}
	if q.By == core.ByUser {
		faces = []segment.Face{segment.FacePairs, segment.FaceValues}
		if !Narrowed(q.Scope, q.Filter) {
			faces = []segment.Face{segment.FaceUsers, segment.FaceUserValues}
		}
	} else if q.Users {
		faces = append(faces, userFace(q))
	}
	if q.Threads {
		faces = append(faces, threadFaces(q)...)
	}
	return faces
}

// sumsFace is where the sums of a question are that is not by user.
func sumsFace(q core.Question) segment.Face {
	if q.By == core.ByNothing && !Narrowed(q.Scope, q.Filter) {
		return segment.FaceTotal
	}
	return segment.FaceSums
}

// userFace is where the distinct users of a question are.
func userFace(q core.Question) segment.Face {
	if q.By == core.ByNothing && !Narrowed(q.Scope, q.Filter) {
		return segment.FaceActive
	}
	return segment.FacePairs
}

// threadFaces are where the distinct threads of a question are.
func threadFaces(q core.Question) []segment.Face {
	switch {
	case q.By == core.ByUser:
		return []segment.Face{segment.FaceThreads, segment.FaceAskers}
	case q.By == core.ByNothing && !Narrowed(q.Scope, q.Filter):
		return []segment.Face{segment.FaceAllThreads}
	}
	return []segment.Face{segment.FaceThreads}
}

// DayFaces are what it reads of each segment of a day.
func DayFaces(q core.Question) []segment.Face {
	switch {
	case q.By != core.ByUser:
		return []segment.Face{segment.FaceSums}
	case Narrowed(q.Scope, q.Filter):
		return []segment.Face{segment.FacePairs}
	}
	return []segment.Face{segment.FaceActive}
}

// Segment adds the faces of a segment. Its cells must be known by See.
func (t *Tally) Segment(period int, faces map[segment.Face][]byte) error {
	var err error
	switch {
	case t.q.By == core.ByUser:
		err = t.pairs(period, faces)
	case t.q.Users && userFace(t.q) == segment.FaceActive:
		if err = t.sums(period, faces); err == nil {
			err = t.everybody(period, faces)
		}
	case t.q.Users:
		if err = t.sums(period, faces); err == nil {
			err = t.askers(period, faces)
		}
	default:
		err = t.sums(period, faces)
	}
	if err == nil && t.q.Threads {
		err = t.threadsOf(period, faces)
	}
	return err
}

func (t *Tally) sums(period int, faces map[segment.Face][]byte) error {
	if sumsFace(t.q) == segment.FaceTotal {
		every := func(int64) bool { return true }
		return segment.EachSums(faces[segment.FaceTotal], every, func(cell int64, s *segment.Sums) {
			t.add(t.slot(period, t.keyOf(core.Key{})), view{all: true, evaluates: cell == 1}, s)
		})
	}
	inside := func(cell int64) bool { return t.view(cell).inside }
	return segment.EachSums(faces[segment.FaceSums], inside, func(cell int64, s *segment.Sums) {
		if v := t.view(cell); v.inside && (v.all || s.NewThreads != 0) {
			t.add(t.slot(period, v.key), v, s)
		}
	})
}

func (t *Tally) pairs(period int, faces map[segment.Face][]byte) error {
	pairs, values, see := faces[segment.FacePairs], faces[segment.FaceValues], t.view
	if !Narrowed(t.q.Scope, t.q.Filter) {
		pairs, values = faces[segment.FaceUsers], faces[segment.FaceUserValues]
		see = func(cell int64) view { return view{inside: true, all: true, evaluates: cell == 1} }
	}
	return segment.EachPair(pairs, values,
		func(cell int64) bool { return see(cell).inside },
		func(cell int64, r *segment.Rows) {
			v := see(cell)
			for i, user := range r.IDs {
				if !v.all && r.NewThreads[i] == 0 {
					continue
				}
				slot := t.slot(period, t.userKey(user))
				s := segment.Sums{
					Runs: r.Runs[i], Prompt: r.Prompt[i], Completion: r.Completion[i], Nano: r.Nano[i], Pico: r.Pico[i],
					NewThreads: r.NewThreads[i], Up: r.Up[i], Down: r.Down[i], Last: r.Last[i],
				}
				t.add(slot, v, &s)
				if t.q.Users && v.all && !v.evaluates && s.Runs > 0 {
					t.rows[slot].users += t.asked.add(period, slot, user)
				}
			}
		})
}

// queries reports whether the runs of a cell are queries that count.
func (t *Tally) queries(cell int64) bool {
	v := t.view(cell)
	return v.all && !v.evaluates
}

func (t *Tally) everybody(period int, faces map[segment.Face][]byte) error {
	return segment.EachID(faces[segment.FaceActive], func(users []int64) {
		// All queries have the one key that there is.
		slot := t.slot(period, t.keyOf(core.Key{}))
		t.rows[slot].users += t.asked.add(period, slot, users...)
	})
}

func (t *Tally) askers(period int, faces map[segment.Face][]byte) error {
	return segment.EachPair(faces[segment.FacePairs], nil, t.queries, func(cell int64, r *segment.Rows) {
		if users := ran(r); len(users) > 0 {
			slot := t.slot(period, t.view(cell).key)
			t.rows[slot].users += t.asked.add(period, slot, users...)
		}
	})
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

func (t *Tally) threadsOf(period int, faces map[segment.Face][]byte) error {
	if all, stored := faces[segment.FaceAllThreads]; stored {
		return segment.EachID(all, func(threads []int64) {
			slot := t.slot(period, t.keyOf(core.Key{}))
			t.rows[slot].threads += t.threads.add(period, slot, threads...)
		})
	}
	return segment.EachThread(faces[segment.FaceThreads], faces[segment.FaceAskers], t.queries, func(cell int64, r *segment.Rows) {
		if t.q.By != core.ByUser {
			slot := t.slot(period, t.view(cell).key)
			t.rows[slot].threads += t.threads.add(period, slot, r.IDs...)
			return
		}
		for i, thread := range r.IDs {
			if slot := t.slot(period, t.userKey(r.Users[i])); t.threads.one(period, slot, thread) {
				t.rows[slot].threads++
			}
		}
	})
}

// DaySegment adds a segment to a day. The faces are DayFaces.
func (t *Tally) DaySegment(day int, faces map[segment.Face][]byte) error {
	switch {
	case t.q.By != core.ByUser:
		return segment.EachRan(faces[segment.FaceSums], func(cell int64) {
			if v := t.view(cell); v.all && !v.evaluates {
				t.onDay(day, int64(v.key))
			}
		})
	case Narrowed(t.q.Scope, t.q.Filter):
		return segment.EachPair(faces[segment.FacePairs], nil, t.queries, func(_ int64, r *segment.Rows) { t.onDay(day, ran(r)...) })
	}
	return segment.EachID(faces[segment.FaceActive], func(users []int64) { t.onDay(day, users...) })
}

// EngagementFaces are what an engagement question reads.
func EngagementFaces(q core.EngagementQuestion) []segment.Face {
	if Narrowed(q.Scope, q.Filter) {
		return []segment.Face{segment.FacePairs}
	}
	return []segment.Face{segment.FaceActive}
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
	if !Narrowed(s.Scope, s.Filter) {
		return segment.EachID(faces[segment.FaceActive], users)
	}
	return EachPairUser(queries, faces, users)
}

// EachPairUser calls users with those who have a run in a cell that is taken.
func EachPairUser(taken []bool, faces map[segment.Face][]byte, users func(ids []int64)) error {
	take := func(cell int64) bool { return cell >= 0 && cell < int64(len(taken)) && taken[cell] }
	return segment.EachPair(faces[segment.FacePairs], nil, take, func(_ int64, r *segment.Rows) { users(ran(r)) })
}
