package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"parley/platform/observe"
)

// registry is the metrics of this process, with what it asks of its database.
func (b *base) registry() *prometheus.Registry {
	counter := func(name, help string, n func() int64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, func() float64 { return float64(n()) })
	}
	r := observe.NewRegistry()
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "parley_build_info", Help: "1 for the version that runs.", ConstLabels: prometheus.Labels{"version": version},
	})
	build.Set(1)
	r.MustRegister(
		build,
		counter("parley_database_statements_total", "Statements that this process has run.", b.db.Statements),
		counter("parley_database_commits_total", "Commits that this process has made.", b.db.Commits),
	)
	return r
}
