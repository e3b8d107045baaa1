import { expect, open, test } from "./support/agm.js";
import { badge, behindController, row } from "./support/controller.js";

test("without a controller the badge says so, and why nothing can be done with a container is told", async ({ page }) => {
  await open(page, "/agm/monitor");
  await expect(badge(page)).toHaveText("HiClaw 1.0 · files");
  const alice = row(page, "alice");
  await expect(alice.getByRole("button", { name: "Restart: alice" })).toHaveCount(0);
  const why = page.getByText("No container can be put to sleep, woken or restarted from here.");
  await expect(why).toHaveCount(1);
  await expect(why).toContainText("with Docker");
});

behindController("1.2", (url) => {
  test("a worker that does nothing is put to sleep, which costs nothing, and woken again", async ({ page }) => {
    await open(page, `${url()}/agm/monitor`);
    const bob = row(page, "bob");
    await expect(bob).toContainText("container running");
    await bob.getByRole("button", { name: "Sleep: bob" }).click();
    const plan = page.getByRole("dialog", { name: "Put to sleep: bob" });
    await expect(plan).toContainText("The container of bob is put to sleep.");
    await expect(plan).not.toContainText(/broken off/);
    await plan.getByRole("button", { name: "Apply" }).click();
    await expect(plan).toContainText("its container is stopped");
    await plan.getByRole("button", { name: "Done", exact: true }).click();
    await bob.getByRole("button", { name: "Wake: bob" }).click();
    const wake = page.getByRole("dialog", { name: "Wake: bob" });
    await wake.getByRole("button", { name: "Apply" }).click();
    await expect(wake).toContainText("its container is running");
    await wake.getByRole("button", { name: "Done", exact: true }).click();
    await expect(bob.getByRole("button", { name: "Sleep: bob" })).toBeVisible();
    await open(page, `${url()}/agm/activity`);
    await expect(page.getByText("Put to sleep: bob").first()).toBeVisible();
  });

  test("a dialog that is cancelled leaves the container as it is", async ({ page }) => {
    await open(page, `${url()}/agm/monitor`);
    const alice = row(page, "alice");
    await alice.getByRole("button", { name: "Restart: alice" }).click();
    const plan = page.getByRole("dialog", { name: "Restart: alice" });
    await expect(plan).toContainText("stopped and started again");
    await plan.getByRole("button", { name: "Cancel" }).click();
    await expect(alice).toContainText("container running");
  });
});

behindController("1.1", (url) => {
  test("a member of a team is shown read-only, with the reason and the way that works", async ({ page }) => {
    await open(page, `${url()}/agm/models`);
    const dev = row(page, "dev1");
    await expect(dev.getByRole("button", { name: "Set model of dev1" })).toHaveCount(0);
    await expect(dev.getByRole("checkbox")).toBeDisabled();
    await expect(dev.getByRole("checkbox")).toHaveAccessibleDescription(/dev1 is a member of the team alpha/);
    await dev.getByText("read only").click();
    await expect(dev).toContainText("dev1 is a member of the team alpha");
    await expect(dev).toContainText("Change it where alpha is described");
    const lead = row(page, "lead");
    await expect(lead.getByRole("button", { name: "Set model of lead" })).toBeVisible();
    await expect(lead).toContainText("kept by HiClaw's controller");
  });
});
