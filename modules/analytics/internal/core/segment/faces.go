package segment

import "slices"

// Face is a part of a segment that is stored and read on its own.
type Face int

// The faces.
const (
	FaceSums    Face = 1 // the sums of each cell, for any user
	FaceActive  Face = 2 // users with a query
	FacePairs   Face = 3 // users of each cell, and how often they ran
	FaceSpent   Face = 4 // tokens and cost of the users of each cell, in the order of FacePairs
	FaceThreads Face = 5 // threads of each cell that had a query
	FaceAskers  Face = 6 // whose these threads are, in the order of FaceThreads
	FaceTotal   Face = 7 // the sums of all, as FaceSums of cell 0, and of evaluations, as of cell 1
	// What FacePairs, FaceSpent and FaceMarks have, with cells as in FaceTotal.
	FaceUsers     Face = 8
	FaceUserSpent Face = 9
	FaceUserMarks Face = 11
	// FaceAllThreads has threads with a query, whatever their cell.
	FaceAllThreads Face = 10
	FaceMarks      Face = 12 // what else the users of each cell add up to: new threads, votes, their last run

	// The same of places: cells without type, source and model, but for whether they
	// evaluate. FacePlaceAskers has the users with a run of each.
	FacePlaces       Face = 13
	FacePlaceAskers  Face = 14
	FacePlaceThreads Face = 15

	// The same of kinds: cells with nothing but source and model.
	FaceKinds         Face = 16
	FaceKindAskers    Face = 17
	FaceKindThreads   Face = 18
	FaceKindThreadsBy Face = 19 // whose they are, as FaceAskers
	FaceKindPairs     Face = 20
	FaceKindSpent     Face = 21
	FaceKindMarks     Face = 22

	// The same of teams: cells with nothing but a team, and whether they evaluate.
	FaceTeams         Face = 23
	FaceTeamAskers    Face = 24
	FaceTeamThreads   Face = 25
	FaceTeamThreadsBy Face = 26
	FaceTeamPairs     Face = 27
	FaceTeamSpent     Face = 28
	FaceTeamMarks     Face = 29
)

// Faces are all of them.
var Faces = []Face{
	FaceSums, FaceActive, FacePairs, FaceSpent, FaceThreads, FaceAskers, FaceTotal, FaceUsers, FaceUserSpent, FaceUserMarks, FaceAllThreads, FaceMarks,
	FacePlaces, FacePlaceAskers, FacePlaceThreads,
	FaceKinds, FaceKindAskers, FaceKindThreads, FaceKindThreadsBy, FaceKindPairs, FaceKindSpent, FaceKindMarks,
	FaceTeams, FaceTeamAskers, FaceTeamThreads, FaceTeamThreadsBy, FaceTeamPairs, FaceTeamSpent, FaceTeamMarks,
}

// Whole are those that have all of a segment.
var Whole = []Face{FacePairs, FaceSpent, FaceMarks, FaceThreads, FaceAskers}

// Cells knows cells by their number, and the numbers of coarser cells.
type Cells interface {
	Evaluates(cell int64) bool
	PlaceOf(cell int64) int64
	TeamOf(cell int64) int64
	KindOf(cell int64) int64
}

// Pack makes the faces of a segment. Equal segments have equal bytes.
func (s *Segment) Pack(known Cells) map[Face][]byte {
	people := s.by(func(cell int64) int64 {
		if known.Evaluates(cell) {
			return 1
		}
		return 0
	})
	places, kinds, teams := s.by(known.PlaceOf), s.by(known.KindOf), s.by(known.TeamOf)
	var active []int64
	for i := range people.pairs {
		if p := &people.pairs[i]; p.Runs > 0 && p.cell == 0 {
			active = append(active, p.user)
		}
	}
	threads := column(s.asked, func(a *asked) int64 { return a.thread })
	slices.Sort(threads)
	return map[Face][]byte{
		FaceSums:   s.packSums(),
		FaceTotal:  people.packSums(),
		FacePlaces: places.packSums(),
		FaceKinds:  kinds.packSums(),
		FaceTeams:  teams.packSums(),

		FacePairs:     s.packPairs(),
		FaceSpent:     packed(spent(s.pairs)...),
		FaceMarks:     packed(marks(s.pairs)...),
		FaceUsers:     people.packPairs(),
		FaceUserSpent: packed(spent(people.pairs)...),
		FaceUserMarks: packed(marks(people.pairs)...),
		FaceKindPairs: kinds.packPairs(),
		FaceKindSpent: packed(spent(kinds.pairs)...),
		FaceKindMarks: packed(marks(kinds.pairs)...),
		FaceTeamPairs: teams.packPairs(),
		FaceTeamSpent: packed(spent(teams.pairs)...),
		FaceTeamMarks: packed(marks(teams.pairs)...),

		FaceActive:      packed(differences(active)),
		FacePlaceAskers: places.packAskers(),
		FaceKindAskers:  kinds.packAskers(),
		FaceTeamAskers:  teams.packAskers(),

		FaceAllThreads:    packed(differences(slices.Compact(threads))),
		FaceThreads:       s.packThreads(),
		FaceAskers:        packed(column(s.asked, func(a *asked) int64 { return a.user })),
		FacePlaceThreads:  places.packThreads(),
		FaceKindThreads:   kinds.packThreads(),
		FaceKindThreadsBy: packed(column(kinds.asked, func(a *asked) int64 { return a.user })),
		FaceTeamThreads:   teams.packThreads(),
		FaceTeamThreadsBy: packed(column(teams.asked, func(a *asked) int64 { return a.user })),
	}
}

// by is a segment with coarser cells.
func (s *Segment) by(of func(cell int64) int64) *Segment {
	out := &Segment{pairs: settled(s.pairs, of), asked: slices.Clone(s.asked)}
	var from, to int64
	for i := range out.asked {
		if a := &out.asked[i]; i == 0 || a.cell != from {
			from = a.cell
			to = of(from)
		}
		out.asked[i].cell = to
	}
	sortAsked(out.asked)
	out.asked = slices.Compact(out.asked)
	return out
}

func (s *Segment) packSums() []byte {
	var rows []pair
	for i := range s.pairs {
		if n := len(rows); n > 0 && rows[n-1].cell == s.pairs[i].cell {
			rows[n-1].add(&s.pairs[i].Sums)
			continue
		}
		rows = append(rows, s.pairs[i])
	}
	cells := differences(column(rows, func(p *pair) int64 { return p.cell }))
	return packed(slices.Concat([][]int64{cells, runs(rows)}, spent(rows), marks(rows))...)
}

func (s *Segment) packPairs() []byte {
	cells, sizes, users := grouped(s.pairs, func(p *pair) (int64, int64) { return p.cell, p.user })
	return packed(cells, sizes, users, runs(s.pairs))
}

// packAskers is the users with a run of each cell, as packThreads is threads.
func (s *Segment) packAskers() []byte {
	var asked []pair
	for _, p := range s.pairs {
		if p.Runs > 0 {
			asked = append(asked, p)
		}
	}
	return packed(threeOf(grouped(asked, func(p *pair) (int64, int64) { return p.cell, p.user }))...)
}

// packThreads is the threads of each cell. A thread of several users is there as
// often.
func (s *Segment) packThreads() []byte {
	return packed(threeOf(grouped(s.asked, func(a *asked) (int64, int64) { return a.cell, a.thread }))...)
}

func threeOf(a, b, c []int64) [][]int64 { return [][]int64{a, b, c} }

func packed(columns ...[]int64) []byte {
	var b []byte
	for _, c := range columns {
		b = appendColumn(b, c)
	}
	return b
}

func column[T any](rows []T, of func(*T) int64) []int64 {
	out := make([]int64, len(rows))
	for i := range rows {
		out[i] = of(&rows[i])
	}
	return out
}

func runs(rows []pair) []int64 { return column(rows, func(p *pair) int64 { return p.Runs }) }

// So many columns spent and marks make.
const (
	spentColumns = 4
	markColumns  = 4
	valueColumns = spentColumns + markColumns
)

func spent(rows []pair) [][]int64 {
	return [][]int64{
		column(rows, func(p *pair) int64 { return p.Prompt }), column(rows, func(p *pair) int64 { return p.Completion }),
		column(rows, func(p *pair) int64 { return p.Nano }), column(rows, func(p *pair) int64 { return p.Pico }),
	}
}

func marks(rows []pair) [][]int64 {
	// Moments are told from the earliest of them, which comes first.
	earliest := int64(0)
	for i := range rows {
		if at := rows[i].Last; at != 0 && (earliest == 0 || at < earliest) {
			earliest = at
		}
	}
	moments := append([]int64{earliest}, column(rows, func(p *pair) int64 {
		if p.Last == 0 {
			return 0
		}
		return p.Last - earliest + 1
	})...)
	return [][]int64{
		column(rows, func(p *pair) int64 { return p.NewThreads }), column(rows, func(p *pair) int64 { return p.Up }),
		column(rows, func(p *pair) int64 { return p.Down }), moments,
	}
}

// grouped is the cells of rows as differences, how many rows each has, and their
// ids as differences that begin anew in each cell.
func grouped[T any](rows []T, of func(*T) (cell, id int64)) (cells, sizes, ids []int64) {
	last, lastID := int64(0), int64(0)
	for i := range rows {
		cell, id := of(&rows[i])
		if len(cells) == 0 || cell != last {
			cells, sizes = append(cells, cell-last), append(sizes, 0)
			last, lastID = cell, 0
		}
		sizes[len(sizes)-1]++
		ids = append(ids, id-lastID)
		lastID = id
	}
	return cells, sizes, ids
}
