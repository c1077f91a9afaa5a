package render

import (
	"github.com/ycesproject/yces/app/internal/symbol"
)

// Picture is a symbol as shapes, which every format draws. All measures are in
// modules, from the top left corner.
type Picture struct {
	symbol *symbol.Symbol
	style  Style
	// quiet is the margin around the symbol's rows.
	quiet         symbol.Quiet
	width, height int
	// layers are painted in their order.
	layers []layer
	logo   *placedLogo
}

// layer is shapes of one paint; in one layer they never overlap.
type layer struct {
	rects []rect
	path  path
	paint paint
}

// NewPicture draws a symbol. The style must have passed Fit. The error is a
// fault.List where the style does not suit the symbol.
func NewPicture(s *symbol.Symbol, st Style) (*Picture, error) {
	if err := st.suits(s); err != nil {
		return nil, err
	}
	p := &Picture{symbol: s, style: st, quiet: st.quiet(s)}
	p.width, p.height = sizeWith(s, p.quiet)
	g := &grid{symbol: s, left: float64(p.quiet.Left), top: float64(p.quiet.Top), width: s.Width, height: len(s.Rows)}
	if st.Logo != nil {
		p.logo, g.clear = st.Logo.place(s, st.logoSize(), g), st.Logo.clears(s.Width, st.logoSize())
	}
	p.drawModules(g)
	return p, p.drawText()
}

// drawModules draws what is dark, the finder patterns apart where they look different.
func (p *Picture) drawModules(g *grid) {
	st := p.style
	shape, _ := moduleShape(st.moduleName())
	modules := layer{paint: p.foreground()}
	g.withoutEyes = st.shaped()
	if shape.Name == ModuleShapes[0].Name && (g.withoutEyes || st.Logo != nil) {
		g.symbol = g.cleared()
	}
	shape.draw(g, &modules)
	if !g.withoutEyes {
		p.layers = append(p.layers, modules)
		return
	}
	eye, _ := eyeShape(st.eyeName())
	if st.EyeColor == nil {
		eye.drawAll(g, &modules.path)
		p.layers = append(p.layers, modules)
		return
	}
	eyes := layer{paint: paint{color: *st.EyeColor}}
	eye.drawAll(g, &eyes.path)
	p.layers = append(p.layers, modules, eyes)
}

// drawText adds the human-readable text.
func (p *Picture) drawText() error {
	if len(p.symbol.Labels) == 0 {
		return nil
	}
	text, err := outlines(p.symbol, p.quiet)
	if err != nil {
		return err
	}
	p.layers = append(p.layers, layer{path: text, paint: p.foreground()})
	return nil
}

func (p *Picture) foreground() paint {
	st := p.style
	g, _ := gradientByName(st.Gradient)
	if !st.hasGradient() {
		return paint{color: st.Foreground}
	}
	w, h := float64(p.width-p.quiet.Left-p.quiet.Right), float64(p.height-p.quiet.Top-p.quiet.Bottom)
	return paint{st.Foreground, st.Second, g.over(point{float64(p.quiet.Left), float64(p.quiet.Top)}, w, h)}
}

// plain says that the picture is what the symbol is: whole modules of one colour.
func (p *Picture) plain() bool { return !p.style.styled() }

// grid is a symbol's modules as shapes see them.
type grid struct {
	symbol        *symbol.Symbol
	left, top     float64
	width, height int
	// clear is free for a logo.
	clear clearing
	// withoutEyes leaves out the finder patterns, which are drawn on their own.
	withoutEyes bool
}

// dark is false outside of the symbol too.
func (g *grid) dark(x, y int) bool {
	if x < 0 || y < 0 || x >= g.width || y >= g.height || !g.symbol.Rows[y].Modules[x] {
		return false
	}
	return !g.clear.holds(x, y) && (!g.withoutEyes || !inEye(x, y, g.width))
}

// each calls draw for the place of each dark module.
func (g *grid) each(draw func(x, y float64)) {
	for y := range g.height {
		for x := range g.width {
			if g.dark(x, y) {
				draw(g.left+float64(x), g.top+float64(y))
			}
		}
	}
}

// cleared is the symbol with what dark leaves out.
func (g *grid) cleared() *symbol.Symbol {
	s := *g.symbol
	s.Rows = make([]symbol.Row, g.height)
	for y, row := range g.symbol.Rows {
		modules := make([]bool, g.width)
		for x := range modules {
			modules[x] = g.dark(x, y)
		}
		s.Rows[y] = symbol.Row{Modules: modules, Height: row.Height}
	}
	return &s
}

// sizeWith is the size of the symbol with another quiet zone.
func sizeWith(s *symbol.Symbol, q symbol.Quiet) (width, height int) {
	width, height = s.Size()
	return width - s.Quiet.Left - s.Quiet.Right + q.Left + q.Right, height - s.Quiet.Top - s.Quiet.Bottom + q.Top + q.Bottom
}
