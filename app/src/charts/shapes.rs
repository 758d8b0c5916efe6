//! Shapes that plotters has not: bars with round ends, hatching, a tick.

use plotters::coord::Shift;
use plotters::element::{Circle, PathElement, Polygon, Rectangle};
use plotters::prelude::{DrawingArea, DrawingBackend};
use plotters::style::{Color, RGBColor};

use super::theme::Theme;

/// What drawing on `DB` can fail with.
pub(super) type Error<DB> = plotters::drawing::DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>;

/// A plane in CSS pixels.
pub(super) type Plane<DB> = DrawingArea<DB, Shift>;

/// A rectangle: left, top, right, bottom.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame(pub i32, pub i32, pub i32, pub i32);

/// A filled rectangle with round corners.
pub(super) fn round_bar<DB: DrawingBackend>(
    plane: &Plane<DB>,
    Frame(left, top, right, bottom): Frame,
    radius: i32,
    color: RGBColor,
) -> Result<(), Error<DB>> {
    let r = radius.min((right - left) / 2).min((bottom - top) / 2).max(0);
    let fill = color.filled();
    plane.draw(&Rectangle::new([(left + r, top), (right - r, bottom)], fill))?;
    plane.draw(&Rectangle::new([(left, top + r), (right, bottom - r)], fill))?;
    for corner in [(left + r, top + r), (right - r, top + r), (left + r, bottom - r), (right - r, bottom - r)] {
        plane.draw(&Circle::new(corner, r, fill))?;
    }
    Ok(())
}

/// A filled rectangle with round corners, and a thin line along its edge.
pub(super) fn framed_bar<DB: DrawingBackend>(
    plane: &Plane<DB>,
    frame: Frame,
    radius: i32,
    line: RGBColor,
    color: RGBColor,
) -> Result<(), Error<DB>> {
    let Frame(left, top, right, bottom) = frame;
    round_bar(plane, frame, radius, line)?;
    round_bar(plane, Frame(left + 1, top + 1, right - 1, bottom - 1), radius - 1, color)
}

/// Diagonal lines over a rectangle, so that a bar is told apart without its colour. They cover a third of it: it has to
/// be told from what it lies on, too.
pub(super) fn hatch<DB: DrawingBackend>(
    plane: &Plane<DB>,
    Frame(left, top, right, bottom): Frame,
    color: RGBColor,
) -> Result<(), Error<DB>> {
    const STEP: i32 = 8;
    let height = bottom - top;
    let mut foot = left - height + STEP / 2;
    while foot < right {
        // From (foot, bottom) up to the right at 45°, cut where the rectangle ends.
        let (from, to) = (foot.max(left), (foot + height).min(right));
        if to > from {
            let points = vec![(from, bottom - (from - foot)), (to, bottom - (to - foot))];
            plane.draw(&PathElement::new(points, color.stroke_width(2)))?;
        }
        foot += STEP;
    }
    Ok(())
}

/// A diamond around a centre, with a rim that sets it off from what it lies on.
pub(super) fn diamond<DB: DrawingBackend>(
    plane: &Plane<DB>,
    (x, y): (i32, i32),
    color: RGBColor,
    rim: RGBColor,
) -> Result<(), Error<DB>> {
    for (size, color) in [(8, rim), (6, color)] {
        let corners = vec![(x - size, y), (x, y - size), (x + size, y), (x, y + size)];
        plane.draw(&Polygon::new(corners, color.filled()))?;
    }
    Ok(())
}

/// ✓ around a centre.
pub(super) fn tick<DB: DrawingBackend>(
    plane: &Plane<DB>,
    (x, y): (i32, i32),
    color: RGBColor,
) -> Result<(), Error<DB>> {
    plane.draw(&PathElement::new(vec![(x - 5, y), (x - 1, y + 4), (x + 5, y - 4)], color.stroke_width(2)))
}

/// A horizontal range with a bar at each end, in an edge that sets it off from whatever bar it lies on.
pub(super) fn whisker<DB: DrawingBackend>(
    plane: &Plane<DB>,
    (from, to): (i32, i32),
    y: i32,
    theme: &Theme,
) -> Result<(), Error<DB>> {
    for style in [theme.card.mix(0.7).stroke_width(4), theme.ink.mix(0.8).stroke_width(2)] {
        plane.draw(&PathElement::new(vec![(from, y), (to, y)], style))?;
        plane.draw(&PathElement::new(vec![(from, y - 5), (from, y + 5)], style))?;
        plane.draw(&PathElement::new(vec![(to, y - 5), (to, y + 5)], style))?;
    }
    Ok(())
}
