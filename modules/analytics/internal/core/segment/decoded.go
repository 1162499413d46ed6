package segment

// Decoded faces are not stored: they are made of stored ones, and kept in memory
// because questions that are asked again would decode the same faces again.
const (
	idsOf     Face = 1000 // IDs, of the face with so many less
	askedOf   Face = 2000 // Asked, of a face of threads and that of their askers
	askedByOf Face = 3000 // the same in one cell
)

// askersOf has the askers of faces of threads.
var askersOf = map[Face]Face{FaceThreads: FaceAskers, FaceKindThreads: FaceKindThreadsBy, FaceTeamThreads: FaceTeamThreadsBy}

// AsIDs is a face of ids, or of ids of cells, decoded to IDs. Of FacePairs it is the
// users with a run, of sums the cells with one, as ids of cell 0.
func (f Face) AsIDs() Face { return f + idsOf }

// AsAsked is a face of threads, decoded to Asked with their askers.
func (f Face) AsAsked() Face { return f + askedOf }

// AsAskedByAll is AsAsked, in one cell.
func (f Face) AsAskedByAll() Face { return f + askedByOf }

// Sources are the stored faces that a face is made of: itself, if it is stored.
func (f Face) Sources() []Face {
	switch f / idsOf {
	case 0:
		return []Face{f}
	case 1:
		return []Face{f - idsOf}
	}
	threads := f % idsOf
	return []Face{threads, askersOf[threads]}
}

// Made are a stored face and all that are made of it.
func (f Face) Made() []Face {
	made := []Face{f, f.AsIDs(), f.AsAsked(), f.AsAskedByAll()}
	for threads, askers := range askersOf {
		if f == askers {
			made = append(made, threads.AsAsked(), threads.AsAskedByAll())
		}
	}
	return made
}

// Read makes a face of its sources, nil where they are not there, and says how many
// bytes it takes.
func (f Face) Read(sources [][]byte) (made any, size int, err error) {
	if sources[0] == nil {
		return nil, 0, nil
	}
	switch f / idsOf {
	case 0:
		return sources[0], len(sources[0]), nil
	case 1:
		ids, err := decodeIDs(f-idsOf, sources[0])
		if err != nil {
			return nil, 0, err
		}
		return ids, ids.Size, nil
	}
	if sources[1] == nil {
		return nil, 0, errCorrupt
	}
	asked, err := decodeAsked(f%idsOf, sources[0], sources[1], f/idsOf == askedByOf/idsOf)
	if err != nil {
		return nil, 0, err
	}
	return asked, asked.Size, nil
}

// Loaded are faces of one segment, by their number.
type Loaded map[Face]any

// Bytes is a stored face, or nil.
func (f Loaded) Bytes(face Face) []byte {
	b, _ := f[face].([]byte)
	return b
}

// IDs is a face that was read AsIDs, or nil.
func (f Loaded) IDs(face Face) *IDs {
	d, _ := f[face.AsIDs()].(*IDs)
	return d
}

// Asked is a face that was read AsAsked or AsAskedByAll, or nil.
func (f Loaded) Asked(face Face) *Asked {
	a, _ := f[face].(*Asked)
	return a
}
