package main

// evaluateCmd measures answers. Its subcommands are a client and a tool: only a
// judge uses settings of the server.
type evaluateCmd struct {
	Run       gateCmd      `cmd:"" default:"withargs" help:"Ask an agent the queries of a dataset, and tell by the exit code whether it passed: 0 passed, 100 cases failed, 1 error."`
	Calibrate calibrateCmd `cmd:"" help:"Compare the metrics with the verdicts of people in a file."`
}
