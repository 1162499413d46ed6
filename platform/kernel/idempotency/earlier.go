package idempotency

// State is how far the request has come that claimed a key.
type State int

// A request is Running, then Committed, and in the end Lost or Done.
const (
	Running   State = iota
	Committed       // its effect is there, its answer is not stored yet
	Lost            // its effect is there, its answer never will be
	Done
)

// Earlier is what is remembered of the request that claimed a key.
type Earlier struct {
	Fingerprint string
	State       State
	Answer      *Answer // of one that is Done; nil when it was too large to keep
}

// To is what a later request with the same key is answered: the stored answer,
// or the error that says why there is none for it.
func (e Earlier) To(c Claim) (*Answer, error) {
	switch {
	case e.Fingerprint != c.Fingerprint:
		return nil, ErrKeyReused
	case e.State == Lost:
		return nil, ErrLost
	case e.State != Done:
		return nil, ErrInProgress
	case e.Answer == nil:
		return nil, ErrNotKept
	}
	return e.Answer, nil
}
