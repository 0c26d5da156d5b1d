//! No boxes overlap, and no line crosses one.

use proptest::prelude::*;

use super::*;

fn references(written: &[(usize, usize)]) -> Vec<Reference> {
    written
        .iter()
        .map(|(from, to)| Reference {
            from: *from,
            to: *to,
        })
        .collect()
}

fn check(heights: &[f64], written: &[(usize, usize)]) -> Layout {
    let sizes: Vec<Size> = heights
        .iter()
        .map(|height| Size {
            width: 100.0 + height / 2.0,
            height: *height,
        })
        .collect();
    let references = references(written);
    let order: Vec<usize> = (0..sizes.len()).collect();
    let layout = Layout::of(&sizes, &references, &order);
    let ends: Vec<(Point, Point)> = layout
        .corners
        .iter()
        .zip(&sizes)
        .map(|((x, y), size)| ((*x, *y), (x + size.width, y + size.height)))
        .collect();
    for (number, one) in ends.iter().enumerate() {
        assert!(one.0.0 >= 0.0 && one.0.1 >= 0.0);
        assert!(one.1.0 <= layout.size.0 && one.1.1 <= layout.size.1);
        for other in ends.iter().skip(number + 1) {
            let apart = one.1.0 < other.0.0
                || other.1.0 < one.0.0
                || one.1.1 < other.0.1
                || other.1.1 < one.0.1;
            assert!(apart, "{one:?} {other:?}");
        }
    }
    for (number, reference) in references.iter().enumerate() {
        let middle = |index: usize| f64::midpoint(ends[index].0.1, ends[index].1.1);
        let route = layout.route(
            *reference,
            (middle(reference.from), middle(reference.to)),
            number,
        );
        let at_side = |(point, side): (Point, Side), index: usize| match side {
            Side::Left => point.0 == ends[index].0.0,
            Side::Right => point.0 == ends[index].1.0,
        };
        assert!(at_side(route.start, reference.from));
        assert!(at_side(route.end, reference.to));
        // Between the box and where the line is clear of its column there is nothing else on its height.
        let straight = [
            (route.start, route.clear.0, reference.from),
            (route.end, route.clear.1, reference.to),
        ];
        for (((x, y), _), clear, own) in straight {
            for (index, (one, other)) in ends.iter().enumerate() {
                let (left, right) = (x.min(clear), x.max(clear));
                let meets = one.1 <= y && y <= other.1 && one.0 < right && left < other.0;
                assert!(index == own || !meets, "{route:?} meets {one:?}");
            }
        }
        for ((x1, y), (x2, _)) in &route.passes {
            let (left, right) = (x1.min(*x2), x1.max(*x2));
            for (one, other) in &ends {
                let meets = one.1 <= *y && *y <= other.1 && one.0 < right && left < other.0;
                assert!(!meets, "{route:?} meets {one:?}");
            }
        }
    }
    layout
}

#[test]
fn what_is_referred_to_stands_to_the_left() {
    let layout = check(&[40.0, 60.0, 80.0], &[(1, 0), (2, 1)]);
    assert!(layout.corners[0].0 < layout.corners[1].0);
    assert!(layout.corners[1].0 < layout.corners[2].0);
}

#[test]
fn circles_and_references_to_oneself_are_drawn() {
    check(&[40.0, 60.0], &[(0, 1), (1, 0), (0, 0)]);
    check(&[40.0], &[(0, 0)]);
    check(&[], &[]);
}

#[test]
fn tables_without_lines_stand_below() {
    let layout = check(&[40.0, 60.0, 80.0, 20.0], &[(1, 0)]);
    for other in [2, 3] {
        assert!(layout.corners[other].1 > layout.corners[0].1 + 40.0);
    }
}

proptest! {
    #[test]
    fn any_schema_is_drawn_soundly(
        heights in proptest::collection::vec(20.0_f64..400.0, 1..40),
        links in proptest::collection::vec((0_usize..40, 0_usize..40), 0..60),
    ) {
        let count = heights.len();
        let links: Vec<(usize, usize)> = links
            .into_iter()
            .map(|(from, to)| (from % count, to % count))
            .collect();
        check(&heights, &links);
    }
}
