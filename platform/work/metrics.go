package work

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// outcome is how the claim of a job ended.
type outcome string

const (
	outcomeFinished  outcome = "finished"
	outcomeFailed    outcome = "failed" // to be tried again
	outcomeDead      outcome = "dead"
	outcomeCancelled outcome = "cancelled"
	outcomeReturned  outcome = "returned" // at an orderly stop
	outcomeLost      outcome = "lost"     // to another worker
)

type metrics struct {
	outcomes *prometheus.CounterVec
	run      atomic.Pointer[context.Context] // of a started runner
}

var jobsDesc = prometheus.NewDesc("parley_work_jobs", "Jobs by kind and state (ready, running, dead).", []string{"kind", "state"}, nil)

func newMetrics() *metrics {
	return &metrics{outcomes: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "parley_work_outcomes_total", Help: "Ends of jobs in this process by kind and outcome.",
	}, []string{"kind", "outcome"})}
}

func (m *metrics) count(kind string, o outcome) { m.outcomes.WithLabelValues(kind, string(o)).Inc() }

// collector counts jobs when it is scraped, and not otherwise.
type collector struct{ r *Runner }

// Describe implements prometheus.Collector.
func (c collector) Describe(ch chan<- *prometheus.Desc) {
	c.r.metrics.outcomes.Describe(ch)
	ch <- jobsDesc
}

// Collect implements prometheus.Collector.
func (c collector) Collect(ch chan<- prometheus.Metric) {
	c.r.metrics.outcomes.Collect(ch)
	run := c.r.metrics.run.Load()
	if run == nil || (*run).Err() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(*run, 2*time.Second)
	defer cancel()
	counts, err := c.r.store.Counts(ctx)
	if err != nil {
		c.r.log.WarnContext(ctx, "the jobs could not be counted for the metrics", "error", err)
		return
	}
	found := map[[2]string]int64{}
	for _, k := range c.r.names { // a gauge that is 0 is shown all the same
		for _, s := range []State{Ready, Running, Dead} {
			found[[2]string{k, string(s)}] = 0
		}
	}
	for _, n := range counts {
		found[[2]string{n.Kind, string(n.State)}] = n.Jobs
	}
	for labels, n := range found {
		ch <- prometheus.MustNewConstMetric(jobsDesc, prometheus.GaugeValue, float64(n), labels[0], labels[1])
	}
}
