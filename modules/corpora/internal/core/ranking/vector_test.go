package ranking

import (
	"math"
	"slices"
	"testing"
)

// meaning is a direction in the plane, by its angle in degrees.
func meaning(t testing.TB, angle float64) []int8 {
	t.Helper()
	v, ok := Quantize([]float32{float32(math.Cos(angle * math.Pi / 180)), float32(math.Sin(angle * math.Pi / 180))})
	if !ok {
		t.Fatal("no direction")
	}
	return v
}

func withVectors(t *testing.T) *Memory {
	t.Helper()
	index := NewMemory()
	for id, s := range []string{"the red lantern", "the blue lantern", "a lamp at night", "rowing on a lake"} {
		index.Add(Passage{ID: int64(id + 1), Corpus: 1, Document: int64(id + 1), Text: s})
		index.AddVectors("m", []Vector{{int64(id + 1), meaning(t, float64(20*id))}})
	}
	return index
}

func asked(t *testing.T, index *Memory, text string, m *Meaning) (ids []int64, r Result) {
	t.Helper()
	r, err := engine(index).Search(t.Context(), Question{Text: text, Corpora: index.Corpora(1), Limit: 10, Meaning: m})
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range r.Hits {
		ids = append(ids, h.ID)
	}
	return ids, r
}

func TestWhatIsCloseInMeaningIsFoundWithoutItsWords(t *testing.T) {
	index := withVectors(t)
	if ids, _ := asked(t, index, "torch", nil); len(ids) != 0 {
		t.Errorf("without a model %v is found", ids)
	}
	ids, r := asked(t, index, "torch", &Meaning{"m", meaning(t, 45)})
	if !slices.Equal(ids, []int64{3, 4, 2, 1}) {
		t.Errorf("%v is found", ids)
	}
	if best := r.Hits[0].Score; best.Closest != 1 || best.Total <= 0 || best.Total > 1 {
		t.Errorf("%+v", best)
	}
	if ids, _ := asked(t, index, "?!", &Meaning{"m", meaning(t, 45)}); len(ids) != 4 {
		t.Errorf("a question without words finds %v", ids)
	}
}

func TestTheTwoChannelsAreFusedByRank(t *testing.T) {
	// By words 1 is first and 2 second; in meaning 2 is first, then 3, 1 and 4.
	ids, _ := asked(t, withVectors(t), "red lantern", &Meaning{"m", meaning(t, 21)})
	if !slices.Equal(ids, []int64{2, 1, 3, 4}) {
		t.Errorf("%v", ids)
	}
}

func TestVectorsOfAnotherModelAreNotCompared(t *testing.T) {
	index := withVectors(t)
	if ids, _ := asked(t, index, "torch", &Meaning{"other", meaning(t, 45)}); len(ids) != 0 {
		t.Errorf("another model finds %v", ids)
	}
	if ids, _ := asked(t, index, "torch", &Meaning{"m", []int8{1, 2, 3}}); len(ids) != 0 {
		t.Errorf("another length finds %v", ids)
	}
	index.RemoveDocument(3)
	if ids, _ := asked(t, index, "torch", &Meaning{"m", meaning(t, 45)}); slices.Contains(ids, 3) {
		t.Error("a removed passage is found")
	}
}

func TestVectorsAreReadInPartsAndKept(t *testing.T) {
	index := NewMemory()
	list := []Vector{}
	for id := range int64(2*vectorsAtOnce + 10) {
		index.Add(Passage{ID: id + 1, Corpus: 1, Document: id, Text: "x"})
		list = append(list, Vector{id + 1, meaning(t, 90)})
	}
	list[len(list)-1].Values = meaning(t, 0)
	index.AddVectors("m", list)
	a := asker{NewEngine(nil, 64<<20), &counting{Memory: index}, t}
	a.Engine = NewEngine(a.counting, 64<<20)
	question := Question{Text: "y", Corpora: index.Corpora(1), Limit: 1, Meaning: &Meaning{"m", meaning(t, 1)}}
	for _, want := range []int{3, 0} {
		before := a.reads
		r, err := a.Search(t.Context(), question)
		if err != nil || r.Hits[0].ID != int64(len(list)) {
			t.Fatalf("%+v, %v", r.Hits, err)
		}
		if reads := a.reads - before; reads < want || want == 0 && reads > 0 {
			t.Errorf("%d reads", reads)
		}
	}
}

func TestOnlyDirectionsAreQuantized(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, v := range [][]float32{nil, {0, 0}, {nan, 1}, {inf, 1}} {
		if _, ok := Quantize(v); ok {
			t.Errorf("%v has a direction", v)
		}
	}
	if v, ok := Quantize([]float32{-2, 1, 0}); !ok || !slices.Equal(v, []int8{-127, 64, 0}) {
		t.Errorf("%v", v)
	}
}

func TestTheInnerProductIsThatOfAllCoordinates(t *testing.T) {
	for n := range 40 {
		a, b, want := make([]int8, n), make([]int8, n), int64(0)
		for i := range n {
			a[i], b[i] = int8(i*7-100), int8(90-i*5)
			want += int64(a[i]) * int64(b[i])
		}
		if got := dot(a, b); got != want {
			t.Errorf("of %d coordinates: %d, want %d", n, got, want)
		}
	}
	long := slices.Repeat([]int8{-127}, 1<<17+3)
	if got, want := dot(long, long), int64(127*127*(1<<17+3)); got != want {
		t.Errorf("%d, want %d", got, want)
	}
}

func BenchmarkComparing10000Vectors(b *testing.B) {
	list := make([]Vector, 10_000)
	for i := range list {
		list[i] = Vector{int64(i), make([]int8, 1024)}
		for k := range list[i].Values {
			list[i].Values[k] = int8((i*31 + k*17) % 255)
		}
	}
	for b.Loop() {
		for _, v := range list {
			dot(v.Values, list[0].Values)
		}
	}
}
