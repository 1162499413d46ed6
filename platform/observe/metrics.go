package observe

import (
	"errors"
	"fmt"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics makes a module's metrics, without the module knowing Prometheus.
// What is made wrongly, such as a name that is there twice, is told by Err.
//
// The values of a label are few and known beforehand: never an id, a name or a
// text that comes from a request.
type Metrics struct {
	registry *prometheus.Registry

	mu  sync.Mutex
	err error
}

// NewMetrics returns metrics that the registry shows.
func NewMetrics(r *prometheus.Registry) *Metrics { return &Metrics{registry: r} }

// Err answers what could not be made.
func (m *Metrics) Err() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.err
}

func (m *Metrics) register(c prometheus.Collector) {
	if err := m.registry.Register(c); err != nil {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.err = errors.Join(m.err, fmt.Errorf("registering a metric: %w", err))
	}
}

// Counter makes a counter. The function adds to it, under a value for each label.
func (m *Metrics) Counter(name, help string, labels ...string) func(n float64, values ...string) {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	m.register(c)
	return func(n float64, values ...string) { c.WithLabelValues(values...).Add(n) }
}

// Seconds makes a histogram of times from 10 ms to 5 minutes. The function adds
// one, under a value for each label.
func (m *Metrics) Seconds(name, help string, labels ...string) func(seconds float64, values ...string) {
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: name, Help: help, Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120, 300},
	}, labels)
	m.register(h)
	return func(seconds float64, values ...string) { h.WithLabelValues(values...).Observe(seconds) }
}

// Gauge makes a gauge for each value of its one label, which read answers when
// the metrics are scraped. read must be quick: it asks no database.
func (m *Metrics) Gauge(name, help, label string, read map[string]func() int) {
	for value, n := range read {
		m.register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: name, Help: help, ConstLabels: prometheus.Labels{label: value},
		}, func() float64 { return float64(n()) }))
	}
}
