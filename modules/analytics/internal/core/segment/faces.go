package segment

import "slices"

// Face is a part of a segment that is stored and read on its own.
type Face int

// The faces.
const (
	FaceSums    Face = 1 // the sums of each cell, whoever the user
	FaceActive  Face = 2 // users with a query
	FacePairs   Face = 3 // users of each cell, and how often they ran
	FaceValues  Face = 4 // what else the users of each cell add up to, in the order of FacePairs
	FaceThreads Face = 5 // threads of each cell that had a query
	FaceAskers  Face = 6 // whose these threads are, in the order of FaceThreads
	FaceTotal   Face = 7 // the sums of all, as FaceSums of cell 0, and of evaluations, as of cell 1
	// What FacePairs and FaceValues have, with cells as in FaceTotal.
	FaceUsers      Face = 8
	FaceUserValues Face = 9
	// FaceAllThreads has threads with a query, whatever their cell.
	FaceAllThreads Face = 10
)

// Faces are all of them.
var Faces = []Face{FaceSums, FaceActive, FacePairs, FaceValues, FaceThreads, FaceAskers, FaceTotal, FaceUsers, FaceUserValues, FaceAllThreads}

// Pack makes the faces of a segment. evaluates tells which cells do. Equal
// segments have equal bytes.
func (s *Segment) Pack(evaluates func(cell int64) bool) map[Face][]byte {
	whole := make([]pair, len(s.pairs))
	copy(whole, s.pairs)
	whole = fold(whole, func(a, b *pair) bool { return a.cell == b.cell }, func(into, p *pair) { into.add(&p.Sums) })
	people := make([]pair, len(s.pairs))
	for i, p := range s.pairs {
		if people[i] = p; evaluates(p.cell) {
			people[i].cell = 1
		} else {
			people[i].cell = 0
		}
	}
	whoAsked := &Segment{pairs: people}
	whoAsked.settle()
	people = whoAsked.pairs
	total := fold(slices.Clone(people), func(a, b *pair) bool { return a.cell == b.cell }, func(into, p *pair) { into.add(&p.Sums) })
	var active []int64
	for i := range s.pairs {
		if p := &s.pairs[i]; p.Runs > 0 && !evaluates(p.cell) {
			active = append(active, p.user)
		}
	}
	slices.Sort(active)
	active = slices.Compact(active)
	threadIDs := column(s.asked, func(a *asked) int64 { return a.thread })
	slices.Sort(threadIDs)
	threadIDs = slices.Compact(threadIDs)
	cells, sizes, users := grouped(s.pairs, func(p *pair) (int64, int64) { return p.cell, p.user })
	kinds, kindSizes, kindUsers := grouped(people, func(p *pair) (int64, int64) { return p.cell, p.user })
	threadCells, threadSizes, threads := grouped(s.asked, func(a *asked) (int64, int64) { return a.cell, a.thread })
	return map[Face][]byte{
		FaceSums:   sumsOf(whole),
		FaceTotal:  sumsOf(total),
		FaceActive: packed(differences(active)),
		FacePairs:  packed(cells, sizes, users, runs(s.pairs)),
		FaceValues: packed(values(s.pairs)...),

		FaceUsers:      packed(kinds, kindSizes, kindUsers, runs(people)),
		FaceUserValues: packed(values(people)...),

		FaceThreads: packed(threadCells, threadSizes, threads),
		FaceAskers:  packed(column(s.asked, func(a *asked) int64 { return a.user })),

		FaceAllThreads: packed(differences(threadIDs)),
	}
}

func sumsOf(rows []pair) []byte {
	cells := differences(column(rows, func(p *pair) int64 { return p.cell }))
	return packed(append([][]int64{cells, runs(rows)}, values(rows)...)...)
}

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

// valueColumns is how many columns values makes.
const valueColumns = 8

func values(rows []pair) [][]int64 {
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
		column(rows, func(p *pair) int64 { return p.Prompt }), column(rows, func(p *pair) int64 { return p.Completion }),
		column(rows, func(p *pair) int64 { return p.Nano }), column(rows, func(p *pair) int64 { return p.Pico }),
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
