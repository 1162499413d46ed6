package segment

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// testCells are cells of which every third evaluates; two make a place and so on.
type testCells struct{}

func (testCells) Evaluates(cell int64) bool { return cell%3 == 2 }
func (testCells) PlaceOf(cell int64) int64  { return cell / 2 }
func (testCells) TeamOf(cell int64) int64   { return cell / 4 }
func (testCells) KindOf(cell int64) int64   { return cell % 2 }

// mixTest makes two cells of the six that randomly has.
func mixTest(cell int64) int64 { return cell % 2 }

// randomly is a segment with pages that are full and others with few ids.
func randomly(r *rand.Rand) *Segment {
	s := &Segment{}
	for range r.IntN(6000) {
		cell, user := r.Int64N(6), r.Int64N(2000)-3
		s.pairs = append(s.pairs, pair{cell: cell, user: user, Sums: Sums{Runs: r.Int64N(2), Up: 1}})
		thread := r.Int64N(1000)
		if r.IntN(5) == 0 {
			thread = r.Int64N(1<<40) - 1<<39
		}
		s.asked = append(s.asked, asked{cell: cell, thread: thread, user: user})
	}
	s.settle()
	return s
}

// loaded are faces as they are made of stored ones.
func loaded(t *testing.T, stored map[Face][]byte, faces ...Face) Loaded {
	t.Helper()
	out := Loaded{}
	for _, f := range faces {
		var sources [][]byte
		for _, of := range f.Sources() {
			sources = append(sources, stored[of])
		}
		made, size, err := f.Read(sources, mixTest)
		if err != nil || size == 0 {
			t.Fatal(f, size, err)
		}
		out[f] = made
	}
	return out
}

// idsOn are the ids of pages, ascending.
func idsOn(t *testing.T, pages []Page) (out []int64) {
	t.Helper()
	for _, p := range pages {
		if int(p.Before) != len(out) {
			t.Errorf("page %d is said to have %d ids before it, which are %d", p.Number, p.Before, len(out))
		}
		low := []int{}
		for _, bit := range p.Few {
			low = append(low, int(bit))
		}
		for bit := range 1 << PageBits {
			if p.Bits != nil && p.Bits[bit/64]&(1<<(bit%64)) != 0 {
				low = append(low, bit)
			}
		}
		for _, bit := range low {
			if rank := int(p.Before) + p.Rank(bit); rank != len(out) {
				t.Errorf("the rank of %d is %d, want %d", p.ID(bit), rank, len(out))
			}
			out = append(out, p.ID(bit))
		}
	}
	return out
}

func TestDecodedFacesHaveWhatTheirSegmentHas(t *testing.T) {
	bits, kept := 0, map[bool]int{} // pages of bits; faces that are decoded or not
	for seed := range uint64(12) {
		s := randomly(rand.New(rand.NewPCG(9, seed)))
		if s.Empty() {
			continue
		}
		stored := s.Pack(testCells{})
		teams, people := s.by(testCells{}.TeamOf), s.by(func(cell int64) int64 { return cell % 3 / 2 })
		want := map[int64]map[int64]bool{}
		note := func(cell, id int64) {
			if want[cell] == nil {
				want[cell] = map[int64]bool{}
			}
			want[cell][id] = true
		}
		check := func(face Face, rows func()) {
			clear(want)
			rows()
			ids, seen := loaded(t, stored, face).IDs(face), map[[2]int64]bool{}
			kept[ids.scan == nil]++
			ids.Each(every, func(cell int64, pages []Page) {
				for _, p := range pages {
					if p.Bits != nil {
						bits++
					}
				}
				if got := idsOn(t, pages); !slices.Equal(got, slices.Sorted(maps.Keys(want[cell]))) {
					t.Errorf("face %d: cell %d has %v", face, cell, got)
				}
				delete(want, cell)
			}, func(cell int64, ids []int64) {
				if face > mixIDsOf { // they are not mixed where they are not decoded
					cell = mixTest(cell)
				}
				for _, id := range ids {
					if !want[cell][id] {
						t.Errorf("face %d: cell %d has %d", face, cell, id)
					}
					seen[[2]int64{cell, id}] = true
				}
			})
			for at := range seen {
				if delete(want[at[0]], at[1]); len(want[at[0]]) == 0 {
					delete(want, at[0])
				}
			}
			if len(want) > 0 {
				t.Errorf("face %d lacks %v", face, want)
			}
		}
		ranIn := func(s *Segment, cell func(p *pair) int64, id func(p *pair) int64) func() {
			return func() {
				for i := range s.pairs {
					if p := &s.pairs[i]; p.Runs > 0 && cell(p) >= 0 {
						note(cell(p), id(p))
					}
				}
			}
		}
		none := func(*pair) int64 { return 0 }
		cellOf, userOf := func(p *pair) int64 { return p.cell }, func(p *pair) int64 { return p.user }
		check(FaceActive.AsIDs(), ranIn(people, func(p *pair) int64 { return -p.cell }, userOf))
		check(FaceTeamAskers.AsIDs(), ranIn(teams, cellOf, userOf))
		check(FaceTeams.AsIDs(), ranIn(teams, none, cellOf))
		check(FaceAllThreads.AsIDs(), func() {
			for _, a := range s.asked {
				note(0, a.thread)
			}
		})
		check(FacePairs.AsIDs(), ranIn(s, cellOf, userOf))
		check(FaceTeamThreads.AsIDs(), func() {
			for _, a := range teams.asked {
				note(a.cell, a.thread)
			}
		})
		check(FacePairs.AsMixedIDs(), ranIn(s, func(p *pair) int64 { return mixTest(p.cell) }, userOf))
		check(FaceThreads.AsMixedIDs(), func() {
			for _, a := range s.asked {
				note(mixTest(a.cell), a.thread)
			}
		})
		mixed := FaceSums.Mixed()
		if got := loaded(t, stored, mixed).Bytes(mixed); !bytes.Equal(got, s.by(mixTest).packSums()) {
			t.Error("sums of mixed cells differ")
		}
		for face, whole := range map[Face]bool{FaceTeamThreads.AsAsked(): false, FaceKindThreads.AsAskedByAll(): true} {
			rows := map[asked]bool{}
			for _, a := range teams.asked {
				if whole {
					a.cell = 0
				}
				rows[a] = true
			}
			counted := map[[2]int64]int32{}
			all := loaded(t, stored, face).Asked(face)
			kept[all.threads == nil]++
			all.Each(every, func(c *AskedCell) {
				for i, thread := range idsOn(t, c.Pages) {
					by := c.Asker(&c.Pages[slices.IndexFunc(c.Pages, func(p Page) bool { return p.Number == thread>>PageBits })], int(thread&pageMask))
					if want := c.Who[c.by[i]]; by != want {
						t.Fatalf("thread %d is of %d, want %d", thread, by, want)
					}
					row := asked{cell: c.cell, thread: thread, user: by}
					if !rows[row] {
						t.Errorf("%+v is there", row)
					}
					delete(rows, row)
					counted[[2]int64{row.cell, row.user}]++
				}
				for i, who := range c.Who {
					counted[[2]int64{c.cell, who}] -= c.Count[i]
				}
			}, func(cell int64, r *Rows) {
				for i, thread := range r.IDs {
					delete(rows, asked{cell: cell, thread: thread, user: r.Users()[i]})
				}
			})
			for who, n := range counted {
				if n != 0 {
					t.Errorf("%v has %d threads more than are counted", who, n)
				}
			}
			if len(rows) > 0 {
				t.Errorf("%d rows are missing", len(rows))
			}
		}
	}
	if bits == 0 || kept[true] == 0 || kept[false] == 0 {
		t.Errorf("%d pages of bits, %d faces decoded, %d not", bits, kept[true], kept[false])
	}
}
