package chat

// Run is a value in an event.
type Run struct{ ID int64 }

// RunCompleted is an event.
type RunCompleted struct{ Run }

// EventName implements event.Event.
func (RunCompleted) EventName() string { return "chat.run_completed.v1" }

// Source is a constant.
const Source = "api"

// Runner is for modules that have an edge.
type Runner interface{ Run() }

// Default is for nobody.
var Default Runner

// Start is for nobody.
func Start() {}
