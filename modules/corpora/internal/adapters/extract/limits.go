package extract

import "time"

// Limits bounds what one file may cost. A zero field takes the value that
// DefaultLimits gives it, except for Child.
type Limits struct {
	// MaxBytes is the largest source, in bytes.
	MaxBytes int64
	// MaxInflated is how many bytes the compressed parts of one file may
	// inflate to, all together.
	MaxInflated int64
	// MaxRatio is how many times larger than its compressed form one part of
	// an archive may be. Parts below a few megabytes are exempt.
	MaxRatio int64
	// MaxEntries is how many entries an archive, or parts a mail, may have.
	MaxEntries int
	// MaxPages is how many pages, slides or sheets a file may have.
	MaxPages int
	// MaxText is how many bytes of text may come out.
	MaxText int
	// MaxBlocks is how many blocks may come out.
	MaxBlocks int
	// MaxTime is how long one file may take, from its turn on.
	MaxTime time.Duration
	// Parallel is how many files are read at once; others wait their turn.
	Parallel int
	// Child is the command line that makes the binary call ServeChild. Empty:
	// all files are read in this process, which no server should do.
	Child []string
	// ChildMemory is how many bytes of memory the child may use before it
	// dies. It is enforced on Linux only.
	ChildMemory int64
	// CacheDir is where the compiled form of the PDF library is kept between
	// files. It is made when it is missing. Empty: compiled anew for each file,
	// which takes seconds.
	CacheDir string
}

// DefaultLimits is generous for documents that people write and read.
func DefaultLimits() Limits {
	return Limits{
		MaxBytes:    100 << 20,
		MaxInflated: 256 << 20,
		MaxRatio:    200,
		MaxEntries:  20_000,
		MaxPages:    5_000,
		MaxText:     32 << 20,
		MaxBlocks:   500_000,
		MaxTime:     60 * time.Second,
		Parallel:    4,
		ChildMemory: 1 << 30,
	}
}

// ratioFloor is the size from which on MaxRatio counts: short runs of repeated
// markup compress a thousandfold in honest files.
const ratioFloor = 4 << 20

// smallFile is up to which size, in bytes, files other than PDF are read in
// this process. The worst that is known, nested quotes in Markdown, takes a
// second at this size and four times as long at twice the size.
const smallFile = 64 << 10

func (l Limits) withDefaults() Limits {
	d := DefaultLimits()
	l.MaxBytes = orDefault(l.MaxBytes, d.MaxBytes)
	l.MaxInflated = orDefault(l.MaxInflated, d.MaxInflated)
	l.MaxRatio = orDefault(l.MaxRatio, d.MaxRatio)
	l.MaxEntries = orDefault(l.MaxEntries, d.MaxEntries)
	l.MaxPages = orDefault(l.MaxPages, d.MaxPages)
	l.MaxText = orDefault(l.MaxText, d.MaxText)
	l.MaxBlocks = orDefault(l.MaxBlocks, d.MaxBlocks)
	l.MaxTime = orDefault(l.MaxTime, d.MaxTime)
	l.Parallel = orDefault(l.Parallel, d.Parallel)
	l.ChildMemory = orDefault(l.ChildMemory, d.ChildMemory)
	return l
}

func orDefault[T int | int64 | time.Duration](v, def T) T {
	if v <= 0 {
		return def
	}
	return v
}
