package gate

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"parley/cmd/internal/api"
)

// Options is what is evaluated, and where.
type Options struct {
	URL, APIKey string
	Agent       int64
	Dataset     int64
	Name        string
	Metrics     []string // the server's usual ones when there are none
	JudgeModel  string
	Threshold   *float64 // of the mean of the server's gate metric, 0 to 1
	Baseline    *int64   // an earlier evaluation
	// Poll is the first pause between looks at how far the evaluation is, and
	// before a call is repeated.
	Poll time.Duration
	// Progress gets a line whenever more queries have ended.
	Progress io.Writer
}

const (
	longestPoll = 3 * time.Second
	// cancelTime is what a gate that is interrupted has for cancelling its
	// evaluation.
	cancelTime = 15 * time.Second
	pageSize   = "200"
)

// ErrCancelled is the error when somebody else cancelled the evaluation.
var ErrCancelled = errors.New("the evaluation was cancelled")

// Run creates an evaluation, follows it and reports on it. When ctx ends, the
// evaluation is cancelled. An error means that there is no report.
func Run(ctx context.Context, o Options) (Report, error) {
	c, err := api.WithKey(o.URL, o.APIKey)
	if err != nil {
		return Report{}, err
	}
	c = c.Patient(o.Poll)
	t, err := o.create(ctx, c)
	if err != nil {
		return Report{}, err
	}
	t, err = o.follow(ctx, c, t)
	if err != nil {
		if ctx.Err() != nil {
			return Report{}, stop(ctx, c, t.ID)
		}
		return Report{}, err
	}
	if t, err = results(ctx, c, t.ID); err != nil {
		return Report{}, err
	}
	return report(t)
}

type newTest struct {
	Name       string   `json:"name"`
	DatasetID  int64    `json:"dataset_id"`
	Metrics    []string `json:"metrics,omitempty"`
	JudgeModel string   `json:"judge_model,omitempty"`
	Threshold  *float64 `json:"threshold,omitempty"`
	BaselineID *int64   `json:"baseline_id,omitempty"`
}

// create creates the evaluation, once however often it is asked for.
func (o Options) create(ctx context.Context, c *api.Client) (t test, err error) {
	path, key := fmt.Sprintf("/api/agent/%d/evaluation", o.Agent), rand.Text()
	body := newTest{o.Name, o.Dataset, o.Metrics, o.JudgeModel, o.Threshold, o.Baseline}
	if err = c.CallOnce(ctx, http.MethodPost, path, key, body, &t); err == nil {
		return t, nil
	}
	if ctx.Err() == nil {
		return t, fmt.Errorf("creating the evaluation: %w", err)
	}
	// It may exist, and nobody would know its id: asked for with the same key the
	// server tells it.
	late, done := context.WithTimeout(context.WithoutCancel(ctx), cancelTime)
	defer done()
	if again := c.CallOnce(late, http.MethodPost, path, key, body, &t); again != nil {
		return t, fmt.Errorf("creating the evaluation: %w", errors.Join(err, again))
	}
	return t, stop(ctx, c, t.ID)
}

// follow waits until the evaluation has ended.
func (o Options) follow(ctx context.Context, c *api.Client, t test) (test, error) {
	pause, told := o.Poll, int64(-1)
	for {
		if p := t.Progress; p.Done != told && o.Progress != nil {
			_, _ = fmt.Fprintf(o.Progress, "evaluation %d: %d of %d queries done, %d without an answer\n", t.ID, p.Done, p.Total, p.Failed)
			told = p.Done
		}
		if !t.open() {
			return t, nil
		}
		select {
		case <-ctx.Done():
			return t, context.Cause(ctx)
		case <-time.After(pause):
		}
		pause = min(pause*3/2, longestPoll)
		var now test
		if err := c.Get(ctx, fmt.Sprintf("/api/evaluation/%d?items_per_page=1", t.ID), &now); err != nil {
			return t, fmt.Errorf("following evaluation %d: %w", t.ID, err)
		}
		t = now
	}
}

// stop cancels an evaluation after ctx has ended, and says why, and whether it
// is cancelled.
func stop(ctx context.Context, c *api.Client, id int64) error {
	late, done := context.WithTimeout(context.WithoutCancel(ctx), cancelTime)
	defer done()
	err := c.Call(late, http.MethodPut, fmt.Sprintf("/api/evaluation/%d/status", id), map[string]string{"status": cancelled}, nil)
	var no *api.Refusal
	if err != nil && !(errors.As(err, &no) && no.Status == http.StatusConflict) { // on a conflict it has ended
		return errors.Join(context.Cause(ctx), fmt.Errorf("evaluation %d still runs, cancelling it failed: %w", id, err))
	}
	return fmt.Errorf("evaluation %d is cancelled: %w", id, context.Cause(ctx))
}

// results reads an evaluation with all of its results.
func results(ctx context.Context, c *api.Client, id int64) (test, error) {
	var all test
	for page := 1; ; page++ {
		query := url.Values{"items_per_page": {pageSize}, "page": {strconv.Itoa(page)}}
		var t test
		if err := c.Get(ctx, fmt.Sprintf("/api/evaluation/%d?%s", id, query.Encode()), &t); err != nil {
			return test{}, fmt.Errorf("reading the results of evaluation %d: %w", id, err)
		}
		if page == 1 {
			all = t
		} else {
			all.Results = append(all.Results, t.Results...)
		}
		if len(t.Results) == 0 || int64(len(all.Results)) >= t.Progress.Total {
			return all, nil
		}
	}
}
