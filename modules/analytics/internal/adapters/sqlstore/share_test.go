package sqlstore

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parley/modules/analytics/internal/core"
)

// TestThoseWhoAskTheSameAtOnceShareAnAnswerThatIsBegunAfterwards asks while the
// first one is being answered.
func TestThoseWhoAskTheSameAtOnceShareAnAnswerThatIsBegunAfterwards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s shared[int]
		var begun []time.Duration
		began := time.Now()
		var mu sync.Mutex
		ask := func() ([]int, error) {
			mu.Lock()
			begun = append(begun, time.Since(began))
			n := len(begun)
			mu.Unlock()
			time.Sleep(10 * time.Second)
			return []int{n}, nil
		}
		var all sync.WaitGroup
		answers := make([][]int, 6)
		for i := range answers {
			all.Go(func() {
				time.Sleep(time.Duration(i) * time.Second)
				question := "the same"
				if i == 5 {
					question = "another"
				}
				answers[i], _ = s.do(context.Background(), question, ask)
				if i == 1 {
					answers[i][0] = 100 // which is nobody else's answer
				}
			})
		}
		all.Wait()
		if want := [][]int{{1}, {100}, {3}, {3}, {3}, {2}}; !reflect.DeepEqual(answers, want) {
			t.Errorf("got %v, want %v", answers, want)
		}
		if want := []time.Duration{0, 5 * time.Second, 10 * time.Second}; !reflect.DeepEqual(begun, want) {
			t.Errorf("began at %v, want %v", begun, want)
		}
		if len(s.asked) > 0 {
			t.Error("questions that are answered are kept")
		}
	})
}

// TestWhoGivesUpLeavesTheQuestionToTheOthers lets the one who asks for others give
// up while it waits, and while it is answered.
func TestWhoGivesUpLeavesTheQuestionToTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s shared[int]
		var all sync.WaitGroup
		errs := make([]error, 4)
		for i, patience := range []time.Duration{4 * time.Second, 2 * time.Second, 100 * time.Second, 100 * time.Second} {
			all.Go(func() {
				time.Sleep(time.Duration(i) * time.Second / 4)
				ctx, stop := context.WithTimeout(context.Background(), patience)
				defer stop()
				_, errs[i] = s.do(ctx, "the same", func() ([]int, error) {
					select {
					case <-time.After(10 * time.Second):
					case <-ctx.Done():
					}
					return nil, ctx.Err()
				})
			})
		}
		all.Wait()
		for i, err := range errs {
			if gone := errors.Is(err, context.DeadlineExceeded); gone != (i < 2) {
				t.Errorf("%d got %v", i, err)
			}
		}
	})
}

// TestQuestionsThatDifferInAnythingAreTold changes one field after the other.
func TestQuestionsThatDifferInAnythingAreTold(t *testing.T) {
	for _, question := range []any{&core.Question{}, &core.EngagementQuestion{}} {
		seen := map[string]string{}
		note := func(field string) {
			text, err := json.Marshal(question)
			if err != nil {
				t.Fatal(err)
			}
			if other, known := seen[string(text)]; known {
				t.Errorf("a question with another %s is taken for one with another %s", field, other)
			}
			seen[string(text)] = field
		}
		note("nothing")
		var change func(v reflect.Value, name string)
		change = func(v reflect.Value, name string) {
			before := reflect.New(v.Type()).Elem()
			before.Set(v)
			switch kind := v.Kind(); {
			case v.Type() == reflect.TypeFor[time.Time]():
				v.Set(reflect.ValueOf(time.UnixMicro(1)))
			case kind == reflect.Struct:
				for i := range v.NumField() {
					change(v.Field(i), v.Type().Field(i).Name)
				}
				return
			case kind == reflect.Slice:
				v.Set(reflect.MakeSlice(v.Type(), 0, 0)) // no list and an empty one differ
				note("empty " + name)
				v.Set(reflect.MakeSlice(v.Type(), 1, 1))
			case kind == reflect.String:
				v.SetString("x")
			case kind == reflect.Bool:
				v.SetBool(true)
			default:
				v.SetInt(7)
			}
			note(name)
			v.Set(before)
		}
		change(reflect.ValueOf(question).Elem(), "")
	}
}
