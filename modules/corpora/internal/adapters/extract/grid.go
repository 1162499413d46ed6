package extract

// grid places the cells of a table that may span several columns and rows.
type grid struct {
	rows [][]cell
	// open has the cells that go on in the next rows, by their column.
	open map[int]openCell
	size int // places so far
}

type openCell struct {
	cell
	rows int // still to come
}

// maxPlaces is how many places the spans of one table may fill.
const maxPlaces = 1_000_000

func (g *grid) startRow() {
	g.rows = append(g.rows, nil)
}

// skip leaves places of the row empty.
func (g *grid) skip(n int) {
	for range min(n, maxColumns) {
		g.place(cell{}, 1)
	}
}

// add puts a cell into the next free places of the row.
func (g *grid) add(text string, columns, rows int) {
	if len(g.rows) == 0 {
		g.startRow()
	}
	g.goOn(false)
	for i := range min(max(columns, 1), maxColumns) {
		g.place(cell{text: text, again: i > 0}, rows)
	}
}

// continued adds a cell that belongs to the one above it.
func (g *grid) continued(columns int) {
	if len(g.rows) < 2 {
		g.add("", columns, 1)
		return
	}
	above := g.rows[len(g.rows)-2]
	for range min(max(columns, 1), maxColumns) {
		c := cell{}
		if at := len(g.rows[len(g.rows)-1]); at < len(above) {
			c = above[at]
		}
		g.place(c, 1)
	}
}

// endRow fills the places that cells from above have behind the last cell.
func (g *grid) endRow() {
	if len(g.rows) > 0 {
		g.goOn(true)
	}
}

// goOn fills places with the cells from above that go on here.
func (g *grid) goOn(all bool) {
	for len(g.open) > 0 {
		last := len(g.rows) - 1
		at := len(g.rows[last])
		o, found := g.open[at]
		switch {
		case found && o.rows > 0:
			g.open[at] = openCell{o.cell, o.rows - 1}
			if o.rows == 1 {
				delete(g.open, at)
			}
			g.put(o.cell)
		case !all || !g.opensBehind(at):
			return
		default:
			g.put(cell{})
		}
	}
}

func (g *grid) opensBehind(at int) bool {
	for column := range g.open {
		if column > at {
			return true
		}
	}
	return false
}

func (g *grid) place(c cell, rows int) {
	if rows > 1 && g.size < maxPlaces {
		if g.open == nil {
			g.open = map[int]openCell{}
		}
		g.open[len(g.rows[len(g.rows)-1])] = openCell{c, rows - 1}
	}
	g.put(c)
}

func (g *grid) put(c cell) {
	if g.size++; g.size > maxPlaces {
		g.open = nil
	}
	last := len(g.rows) - 1
	g.rows[last] = append(g.rows[last], c)
}
