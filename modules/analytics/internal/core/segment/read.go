package segment

import "sync"

// Rows are some rows of a cell, in columns of one length, or of none where they
// were not asked for. They are read in parts that the processor's cache has room
// for, and belong to the reader again when the call that they are given to is over.
type Rows struct {
	IDs  []int64 // of users; of threads in EachThread
	Runs []int64

	Prompt, Completion, Nano, Pico []int64 // spent
	NewThreads, Up, Down           []int64 // marks
	Last                           []int64 // marks

	askers *Column // of threads
	room   []int64 // for them
	users  []int64
}

// Users are those of threads. They are only read when they are asked for.
func (r *Rows) Users() []int64 {
	if r.users == nil {
		r.users = r.room[:len(r.IDs)]
		r.askers.Fill(r.users)
	}
	return r.users
}

const rowsAtOnce = 1024

// buffer has room for the columns of Rows.
type buffer struct {
	ids, runs, users [rowsAtOnce]int64
	values           [valueColumns][rowsAtOnce]int64
}

var buffers = sync.Pool{New: func() any { return new(buffer) }}

// EachSums calls row for each cell of a FaceSums that take wants.
func EachSums(face []byte, take func(cell int64) bool, row func(cell int64, s *Sums)) error {
	if len(face) == 0 {
		return nil
	}
	var cs [2 + valueColumns]Column
	if err := cut(face, len(cs), cs[:]); err != nil {
		return err
	}
	vs := newValues(cs[2:])
	var s Sums
	cell, skipped := int64(0), 0
	for !cs[0].Done() {
		cell += cs[0].Next()
		if !take(cell) {
			skipped++
			continue
		}
		if skipped > 0 {
			cs[1].Skip(skipped)
			vs.skip(skipped)
			skipped = 0
		}
		s = Sums{Runs: cs[1].Next()}
		vs.into(&s)
		row(cell, &s)
	}
	return nil
}

// EachRan calls cell for each of a FaceSums that has runs.
func EachRan(face []byte, cell func(int64)) error {
	if len(face) == 0 {
		return nil
	}
	var cs [2]Column
	if err := cut(face, len(cs)+valueColumns, cs[:]); err != nil {
		return err
	}
	for n := int64(0); !cs[0].Done(); {
		n += cs[0].Next()
		if cs[1].Next() > 0 {
			cell(n)
		}
	}
	return nil
}

// valueReader reads what values makes.
type valueReader struct {
	cs       []Column
	earliest int64
}

func newValues(cs []Column) valueReader {
	return valueReader{cs: cs, earliest: cs[valueColumns-1].Next()}
}

func (v *valueReader) skip(n int) {
	for i := range v.cs {
		v.cs[i].Skip(n)
	}
}

func (v *valueReader) into(s *Sums) {
	s.Prompt, s.Completion, s.Nano, s.Pico = v.cs[0].Next(), v.cs[1].Next(), v.cs[2].Next(), v.cs[3].Next()
	s.NewThreads, s.Up, s.Down = v.cs[4].Next(), v.cs[5].Next(), v.cs[6].Next()
	if last := v.cs[7].Next(); last != 0 {
		s.Last = v.earliest + last - 1
	}
}

// fillSpent reads the columns of n rows.
func (r *Rows) fillSpent(cs []Column, b *buffer, n int) {
	for i := range cs {
		cs[i].Fill(b.values[i][:n])
	}
	r.Prompt, r.Completion, r.Nano, r.Pico = b.values[0][:n], b.values[1][:n], b.values[2][:n], b.values[3][:n]
}

func (r *Rows) fillMarks(cs []Column, earliest int64, b *buffer, n int) {
	room := b.values[spentColumns:]
	for i := range cs {
		cs[i].Fill(room[i][:n])
	}
	r.NewThreads, r.Up, r.Down, r.Last = room[0][:n], room[1][:n], room[2][:n], room[3][:n]
	for i, last := range r.Last {
		if last != 0 {
			r.Last[i] = earliest + last - 1
		}
	}
}

// EachID calls ids with those of a FaceActive or a FaceAllThreads, ascending.
func EachID(face []byte, ids func([]int64)) error {
	if len(face) == 0 {
		return nil
	}
	cs, err := columns(face, 1)
	if err != nil {
		return err
	}
	b := buffers.Get().(*buffer) //nolint:forcetypeassert // nothing else is in it
	defer buffers.Put(b)
	for last := int64(0); !cs[0].Done(); {
		n := cs[0].count(rowsAtOnce)
		last = cs[0].Ascend(b.ids[:n], last)
		ids(b.ids[:n])
	}
	return nil
}

// group reads the rows of cells: of each cell, how many there are, and their ids.
type group struct {
	cells, sizes, ids Column
	with              []*Column // of the same rows
	skipped           int
}

// each calls rows for parts of each cell that take wants. Those of others are
// passed over together.
func (g *group) each(take func(cell int64) bool, rows func(cell int64, b *buffer, n int)) error {
	b := buffers.Get().(*buffer) //nolint:forcetypeassert // nothing else is in it
	defer buffers.Put(b)
	for cell := int64(0); !g.cells.Done(); {
		cell += g.cells.Next()
		size := g.sizes.Next()
		if size < 0 || size > int64(len(g.ids.b)) {
			return errCorrupt
		}
		if !take(cell) {
			g.skipped += int(size)
			continue
		}
		g.ids.Skip(g.skipped)
		for _, c := range g.with {
			c.Skip(g.skipped)
		}
		g.skipped = 0
		for last, left := int64(0), int(size); left > 0; {
			n := min(left, rowsAtOnce)
			last = g.ids.Ascend(b.ids[:n], last)
			rows(cell, b, n)
			left -= n
		}
	}
	return nil
}

// EachPair calls rows for the users of each cell of a FacePairs that take wants.
// spent and marks are FaceSpent and FaceMarks, or nil when they are not needed.
func EachPair(face, spent, marks []byte, take func(cell int64) bool, rows func(cell int64, r *Rows)) error {
	if len(face) == 0 {
		return nil
	}
	cs, err := columns(face, 4)
	if err != nil {
		return err
	}
	g := group{cells: cs[0], sizes: cs[1], ids: cs[2], with: []*Column{&cs[3]}}
	with := func(face []byte, n int) (of []Column, err error) {
		if face == nil {
			return nil, nil
		}
		of, err = columns(face, n)
		for i := range of {
			g.with = append(g.with, &of[i])
		}
		return of, err
	}
	spentBy, err := with(spent, spentColumns)
	if err != nil {
		return err
	}
	marksOf, err := with(marks, markColumns)
	if err != nil {
		return err
	}
	earliest := int64(0)
	if marksOf != nil {
		earliest = marksOf[markColumns-1].Next()
	}
	var r Rows
	return g.each(take, func(cell int64, b *buffer, n int) {
		cs[3].Fill(b.runs[:n])
		r.IDs, r.Runs = b.ids[:n], b.runs[:n]
		if spentBy != nil {
			r.fillSpent(spentBy, b, n)
		}
		if marksOf != nil {
			r.fillMarks(marksOf, earliest, b, n)
		}
		rows(cell, &r)
	})
}

// EachThread calls rows for the threads of each cell of a FaceThreads that take
// wants, or the users of a FacePlaceAskers or a FaceKindAskers. askers is the
// FaceAskers, or nil when the user of a thread is not needed.
func EachThread(face, askers []byte, take func(cell int64) bool, rows func(cell int64, r *Rows)) error {
	if len(face) == 0 {
		return nil
	}
	cs, err := columns(face, 3)
	if err != nil {
		return err
	}
	g := group{cells: cs[0], sizes: cs[1], ids: cs[2]}
	var users []Column
	if askers != nil {
		if users, err = columns(askers, 1); err != nil {
			return err
		}
		g.with = []*Column{&users[0]}
	}
	var r Rows
	return g.each(take, func(cell int64, b *buffer, n int) {
		r.IDs = b.ids[:n]
		if users == nil {
			rows(cell, &r)
			return
		}
		r.askers, r.room, r.users = &users[0], b.users[:], nil
		if rows(cell, &r); r.users == nil {
			users[0].Skip(n)
		}
	})
}

// Unpack is the segment of its faces; Whole are needed.
func Unpack(faces map[Face][]byte) (*Segment, error) {
	s := &Segment{}
	if len(faces[FacePairs]) > 0 && (faces[FaceSpent] == nil || faces[FaceMarks] == nil || faces[FaceThreads] == nil || faces[FaceAskers] == nil) {
		return nil, errCorrupt
	}
	if err := EachPair(faces[FacePairs], faces[FaceSpent], faces[FaceMarks], every, func(cell int64, r *Rows) {
		for i, user := range r.IDs {
			s.pairs = append(s.pairs, pair{cell: cell, user: user, Sums: r.sums(i)})
		}
	}); err != nil {
		return nil, err
	}
	err := EachThread(faces[FaceThreads], faces[FaceAskers], every, func(cell int64, r *Rows) {
		users := r.Users()
		for i, thread := range r.IDs {
			s.asked = append(s.asked, asked{cell: cell, thread: thread, user: users[i]})
		}
	})
	return s, err
}

func (r *Rows) sums(i int) Sums {
	return Sums{
		Runs: r.Runs[i], Prompt: r.Prompt[i], Completion: r.Completion[i], Nano: r.Nano[i], Pico: r.Pico[i],
		NewThreads: r.NewThreads[i], Up: r.Up[i], Down: r.Down[i], Last: r.Last[i],
	}
}
