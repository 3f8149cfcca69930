"""The previewer: see a scene, turn its knobs, keep what you like.

    app.py        the command; shows and edits in turn; a window, or a screenshot of one
    session.py    what is edited: scene, selection, mistakes, every change; no window, no imgui
    document.py   the scene's text and its file: steps, saving, what others change, clashes
    edit.py       changing that text by the bytes that are meant
    control.py    which control a field gets, from its component's description
    player.py     the session's show: live, or stepped with its time in hand
    outputs.py    displays and monitors: which goes where, and how each fares
    slack.py      when the window may be drawn without making a tick late
    steps.py      the steps on the way to the stage, each as a picture
    handles.py    what can be taken hold of in the picture, and what it does
    flame.py      when the last ticks did what
    drop.py       files that are dropped onto the window
    canvas.py     where imgui, wgpu and the window meet
    workspace.py  the panels and where they lie, and keys that hold everywhere
    theme.py      fonts, colours, distances
    panels/       one file a panel

A panel is a class with a `title` and `draw(session)`, called inside a window of imgui that is there already. What it
needs beside the session (`canvas` for textures and fonts, `player` for the show) comes through its constructor; it
keeps only what concerns its looks. It changes the scene by `session.turn` while something is held, `session.finish`
when it is let go, and `session.set` for a step that is whole; `session.value` says what holds now. It never waits: a
frame is built between two ticks. To add one, write it, and name it in `Workspace`. `panels/widgets.py` has what several
draw.
"""
