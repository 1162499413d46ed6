package sqlstore

import (
	"testing"
	"time"
)

func TestIDsThatComeLateAreNotUsed(t *testing.T) {
	var s stock
	at := time.Now()
	if !s.comes(at) || s.comes(at) {
		t.Error("of two questions both take ids, or none")
	}
	if n := s.lacks(); n != 2 {
		t.Errorf("%d ids lack", n)
	}
	s.more(1, at) // a batch takes its own meanwhile
	s.took(reserved{7, 7})
	for _, id := range []int64{5, 6, 8, 10, 9} {
		s.put(reserved{id, id})
	}
	ids, enough := s.take(2, at)
	if !enough || ids[0].Run != 8 || ids[1].Run != 10 {
		t.Errorf("%v", ids)
	}
	s.put(reserved{9, 9})
	if ids, enough := s.take(1, at); enough {
		t.Errorf("%v is used behind 10", ids)
	}
}

func TestQuestionsThatWereNeverStoredTakeNoIDsLater(t *testing.T) {
	var s stock
	at := time.Now()
	for range 1_000 {
		s.comes(at)
	}
	if n := s.lacks(); n != mostStocked {
		t.Errorf("%d ids lack", n)
	}
	s.failed()
	at = at.Add(stockFor + 1)
	if !s.comes(at) || s.lacks() != 1 {
		t.Errorf("%d questions are coming", s.coming)
	}
	s.put(reserved{1, 1})
	if n := s.lacks(); n != 0 || s.taking {
		t.Errorf("%d ids lack, %v", n, s.taking)
	}
	for _, later := range []time.Duration{stockFor + 1, -stockFor - 1} {
		if _, enough := s.take(1, at.Add(later)); enough {
			t.Errorf("an id is used %s later", later)
		}
		s.put(reserved{s.last + 2, s.last + 2})
	}
}
