"""What hands do at a terminal, for every test in which somebody works there."""

from playwright.sync_api import expect

from tests.browser.conftest import until


def sign_on(page):
    page.click("#operator")
    page.fill("#sign-number", "1007")
    page.click("#sign-pin")
    for digit in "2580":
        page.click(f"#sheet-sign-on [data-key='{digit}']")
    page.click("#sheet-sign-on button[type=submit]")
    expect(page.locator("[data-operator-name]")).to_have_text("Anna Krüger")


def all_saved(page):
    """Wait until the page holds nothing back; the browser reads its disk only after what was written to it before."""
    until(page, "async () => (await window.lineside.outbox.all()).length === 0")
    expect(page.locator("[data-pill]")).to_have_text("All saved")


def scan(page, text):
    """Send what a scanner sends: keys by position, 8 ms apart (as their events say), then Enter."""
    page.evaluate(
        """(text) => {
            let at = performance.now();
            const send = (code, key, shiftKey) => {
                const event = new KeyboardEvent('keydown', {code, key, shiftKey, bubbles: true, cancelable: true});
                Object.defineProperty(event, 'timeStamp', {value: at += 8});
                document.activeElement.dispatchEvent(event);
            };
            for (const sign of text) {
                const letter = /[A-Z]/i.test(sign);
                const code = letter ? 'Key' + sign.toUpperCase() : sign === '-' ? 'Minus' : 'Digit' + sign;
                send(code, sign, /[A-Z]/.test(sign));
            }
            send('Enter', 'Enter', false);
        }""",
        text,
    )


def start(page):
    page.click("#pad-7")
    expect(page.locator(".bar-state")).to_contain_text("Running")
