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
		faces = append(faces, segment.FaceThreads)
		if q.By == core.ByUser {
			faces = append(faces, segment.FaceAskers)
		}
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
		return segment.EachSums(faces[segment.FaceTotal], true, every, func(cell int64, s *segment.Sums) {
			t.add(t.slot(period, t.keyOf(core.Key{})), view{all: true, evaluates: cell == 1}, s)
		})
	}
	inside := func(cell int64) bool { return t.view(cell).inside }
	return segment.EachSums(faces[segment.FaceSums], true, inside, func(cell int64, s *segment.Sums) {
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
		func(cell, user int64, s *segment.Sums) {
			v := see(cell)
			if !v.all && s.NewThreads == 0 {
				return
			}
			slot := t.slot(period, t.userKey(user))
			t.add(slot, v, s)
			if t.q.Users && v.all && !v.evaluates && s.Runs > 0 && t.asked.add(user, period, slot) {
				t.rows[slot].Users++
			}
		})
}

// queries reports whether the runs of a cell are queries that count.
func (t *Tally) queries(cell int64) bool {
	v := t.view(cell)
	return v.all && !v.evaluates
}

func (t *Tally) everybody(period int, faces map[segment.Face][]byte) error {
	return segment.EachActive(faces[segment.FaceActive], func(user int64) {
		// All queries have the one key that there is.
		if slot := t.slot(period, t.keyOf(core.Key{})); t.asked.add(user, period, slot) {
			t.rows[slot].Users++
		}
	})
}

func (t *Tally) askers(period int, faces map[segment.Face][]byte) error {
	return segment.EachPair(faces[segment.FacePairs], nil, t.queries, func(cell, user int64, s *segment.Sums) {
		if s.Runs == 0 {
			return
		}
		if slot := t.slot(period, t.view(cell).key); t.asked.add(user, period, slot) {
			t.rows[slot].Users++
		}
	})
}

func (t *Tally) threadsOf(period int, faces map[segment.Face][]byte) error {
	return segment.EachThread(faces[segment.FaceThreads], faces[segment.FaceAskers], t.queries, func(cell, thread, user int64) {
		key := t.view(cell).key
		if t.q.By == core.ByUser {
			key = t.userKey(user)
		}
		if slot := t.slot(period, key); t.threads.add(thread, period, slot) {
			t.rows[slot].Threads++
		}
	})
}

// DaySegment adds a segment to a day. The faces are DayFaces.
func (t *Tally) DaySegment(day int, faces map[segment.Face][]byte) error {
	switch {
	case t.q.By != core.ByUser:
		return segment.EachSums(faces[segment.FaceSums], false, t.queries, func(cell int64, s *segment.Sums) {
			if s.Runs > 0 {
				t.onDay(day, t.view(cell).key)
			}
		})
	case Narrowed(t.q.Scope, t.q.Filter):
		return segment.EachPair(faces[segment.FacePairs], nil, t.queries, func(_, user int64, s *segment.Sums) {
			if s.Runs > 0 {
				t.onDay(day, t.userKey(user))
			}
		})
	}
	return segment.EachActive(faces[segment.FaceActive], func(user int64) { t.onDay(day, t.userKey(user)) })
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

// EachUser calls user for each with a query in a segment that is selected, maybe
// more than once. The faces are EngagementFaces, queries are Queries.
func EachUser(s core.Selection, queries []bool, faces map[segment.Face][]byte, user func(id int64)) error {
	if !Narrowed(s.Scope, s.Filter) {
		return segment.EachActive(faces[segment.FaceActive], user)
	}
	return EachPairUser(queries, faces, user)
}

// EachPairUser calls user for each with a run in a cell that is taken.
func EachPairUser(taken []bool, faces map[segment.Face][]byte, user func(id int64)) error {
	take := func(cell int64) bool { return cell >= 0 && cell < int64(len(taken)) && taken[cell] }
	return segment.EachPair(faces[segment.FacePairs], nil, take, func(_, id int64, sums *segment.Sums) {
		if sums.Runs > 0 {
			user(id)
		}
	})
}
