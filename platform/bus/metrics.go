package bus

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	events *prometheus.CounterVec
}

var (
	lagDesc     = prometheus.NewDesc("parley_bus_lag_seconds", "Age of the oldest event that a consumer has not dealt with.", []string{"consumer"}, nil)
	deadDesc    = prometheus.NewDesc("parley_bus_dead", "Events that a consumer could not handle and that wait for an operator.", []string{"consumer"}, nil)
	waitingDesc = prometheus.NewDesc("parley_bus_waiting", "Events that wait to be tried again, and those behind them.", []string{"consumer"}, nil)
)

func newMetrics() *metrics {
	return &metrics{events: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "parley_bus_events_total", Help: "Deliveries by consumer and outcome.",
	}, []string{"consumer", "outcome"})}
}

func (m *metrics) count(consumer string, o outcome, n int) {
	m.events.WithLabelValues(consumer, string(o)).Add(float64(n))
}

// collector reads lag and dead letters when it is scraped, and not otherwise.
type collector struct{ b *Bus }

// Describe implements prometheus.Collector.
func (c collector) Describe(ch chan<- *prometheus.Desc) {
	c.b.metrics.events.Describe(ch)
	ch <- lagDesc
	ch <- deadDesc
	ch <- waitingDesc
}

// Collect implements prometheus.Collector.
func (c collector) Collect(ch chan<- prometheus.Metric) {
	c.b.metrics.events.Collect(ch)
	run := c.b.context()
	if run == nil {
		return
	}
	ctx, cancel := context.WithTimeout(run, 2*time.Second)
	defer cancel()
	lags, err := c.b.Lag(ctx)
	if err != nil {
		c.b.log.WarnContext(ctx, "no lag for the metrics", "error", err)
		return
	}
	for _, l := range lags {
		ch <- prometheus.MustNewConstMetric(lagDesc, prometheus.GaugeValue, l.Behind.Seconds(), l.Consumer)
		ch <- prometheus.MustNewConstMetric(deadDesc, prometheus.GaugeValue, float64(l.Dead), l.Consumer)
		ch <- prometheus.MustNewConstMetric(waitingDesc, prometheus.GaugeValue, float64(l.Waiting), l.Consumer)
	}
}
