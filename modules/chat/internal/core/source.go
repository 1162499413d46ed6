package core

import "parley/modules/chat"

// The query sources of questions that the server asks itself. Figures tell
// them from those of clients, who may not send them.
const (
	SourceEvaluation = chat.SourceEvaluation
	SourceSystem     = "system"
)

// ReservedSource reports whether a query source is one of the server's own.
func ReservedSource(name string) bool { return name == SourceEvaluation || name == SourceSystem }
