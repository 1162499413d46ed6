package segment

// Decoded faces are not stored: they are made of stored ones, and kept in memory
// because questions that are asked again would decode the same faces again.
const (
	idsOf     Face = 1000 // IDs, of the face with so many less
	askedOf   Face = 2000 // Asked, of a face of threads and that of their askers
	askedByOf Face = 3000 // the same in one cell
	mixOf     Face = 4000 // a face of sums, in cells as a Mixer answers them
	mixIDsOf  Face = 5000 // IDs, of the face with so many less, in such cells
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

// Mixed is a face of sums of the finest cells as one of fewer: those that have team,
// source and model in common are one.
func (f Face) Mixed() Face { return f + mixOf }

// AsMixedIDs is AsIDs in such cells.
func (f Face) AsMixedIDs() Face { return f + mixIDsOf }

// Sources are the stored faces that a face is made of: itself, if it is stored.
func (f Face) Sources() []Face {
	switch f - f%idsOf {
	case 0, idsOf, mixOf, mixIDsOf:
		return []Face{f % idsOf}
	}
	threads := f % idsOf
	return []Face{threads, askersOf[threads]}
}

// Made are a stored face and all that are made of it.
func (f Face) Made() []Face {
	made := []Face{f, f.AsIDs(), f.AsAsked(), f.AsAskedByAll(), f.Mixed(), f.AsMixedIDs()}
	for threads, askers := range askersOf {
		if f == askers {
			made = append(made, threads.AsAsked(), threads.AsAskedByAll())
		}
	}
	return made
}

// Read makes a face of its sources, nil where they are not there, and says how many
// bytes it takes. mix is a Mixer of the cells that are known.
func (f Face) Read(sources [][]byte, mix func(cell int64) int64) (made any, size int, err error) {
	if sources[0] == nil {
		return nil, 0, nil
	}
	switch f - f%idsOf {
	case 0:
		return sources[0], len(sources[0]), nil
	case mixOf:
		sums, err := mixSums(sources[0], mix)
		return sums, len(sums), err
	case idsOf, mixIDsOf:
		ids, err := f.readIDs(sources[0], mix)
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

func (f Face) readIDs(source []byte, mix func(cell int64) int64) (*IDs, error) {
	if f > mixIDsOf {
		return mixIDs(f-mixIDsOf, source, mix)
	}
	return decodeIDs(f-idsOf, source)
}

// Loaded are faces of one segment, by their number.
type Loaded map[Face]any

// Bytes is a stored face, or nil.
func (f Loaded) Bytes(face Face) []byte {
	b, _ := f[face].([]byte)
	return b
}

// IDs is a face that was read AsIDs or AsMixedIDs, or nil.
func (f Loaded) IDs(face Face) *IDs {
	d, _ := f[face].(*IDs)
	return d
}

// Asked is a face that was read AsAsked or AsAskedByAll, or nil.
func (f Loaded) Asked(face Face) *Asked {
	a, _ := f[face].(*Asked)
	return a
}
