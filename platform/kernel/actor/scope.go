package actor

// Reach is how far an API key goes in one group of operations.
type Reach string

// The reaches, least first. A group that is not named has none.
const (
	NoReach Reach = "none"
	Read    Reach = "read"
	Write   Reach = "write" // and read
)

// ScopeKind is what an API key is good for in general.
type ScopeKind string

// The kinds of scope.
const (
	ScopeAll        ScopeKind = "all"
	ScopeReadOnly   ScopeKind = "read_only"  // GET, whatever the group
	ScopeRestricted ScopeKind = "restricted" // what Groups says
)

// Scope narrows what an actor does through an API key. The zero value narrows
// nothing, as without a key.
type Scope struct {
	Kind   ScopeKind
	Groups map[string]Reach // of a restricted key, by the group's name
}

// Unrestricted reports whether the scope allows everything.
func (s Scope) Unrestricted() bool { return s.Kind == "" || s.Kind == ScopeAll }

// Allows reports whether an operation of the group is within the scope; reads
// is true of GET alone. A kind that is not known allows nothing.
func (s Scope) Allows(group string, reads bool) bool {
	switch s.Kind {
	case "", ScopeAll:
		return true
	case ScopeReadOnly:
		return reads
	case ScopeRestricted:
		reach := s.Groups[group]
		return reach == Write || (reach == Read && reads)
	}
	return false
}
