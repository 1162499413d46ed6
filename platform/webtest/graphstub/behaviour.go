package graphstub

// Behaviour is how the server differs from its usual self.
type Behaviour struct {
	// PageSize is how many items a page has; 0 means 200.
	PageSize int
	// EmptyPages puts a page without items, but with a next link, in front of
	// every page of delta.
	EmptyPages bool
	// Repeats makes delta tell an item more than once, first as it isn't.
	Repeats bool
	// TellsPaths makes delta tell the path of what an item is in, which the
	// documentation says it doesn't, and which some clients rely on.
	TellsPaths bool
	// HidesDeletedBelow makes delta tell of a deleted folder alone, and not of
	// what was in it.
	HidesDeletedBelow bool
	// NewResyncCodes spells the codes of a 410 as Graph's reference does today;
	// without it they are spelled as in that of OneDrive.
	NewResyncCodes bool
	// BrokenResync is how often the Location of a 410 answers 500.
	BrokenResync int
	// RewritesOffice changes .docx, .xlsx and .pptx files as they are stored.
	RewritesOffice bool
	// Quota bounds the content of a drive, in bytes; 0 is no bound.
	Quota int64
	// HidesRights answers 403 to who asks for permissions.
	HidesRights bool
	// LosesSession forgets upload sessions after that many fragments, once.
	LosesSession int
}

// Fault is an answer in the place of the right one.
type Fault struct {
	Status     int
	Code       string // of the error
	Inner      string // code of the innermost error
	RetryAfter string
	// After does what was asked for and then answers as if it had not been done.
	After bool
}
